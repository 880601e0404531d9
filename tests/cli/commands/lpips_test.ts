import assert from "node:assert/strict";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { registerLpips } from "../../../lib/cli/commands/lpips.ts";
import { InputError } from "../../../lib/errors.ts";
import { encodePng } from "../../../lib/images/png.ts";
import { inFolder } from "../../in_folder.ts";
import { refused, writeLargeWeights } from "../refused.ts";
import { madeUpImages } from "../../lpips/made_up.ts";

const fixture = (name: string) => new URL(`../../../fixtures/lpips/${name}`, import.meta.url).pathname;

async function run(...args: string[]): Promise<string> {
  let output = "";
  const program = new Command("polysem").option("--json").exitOverride().configureOutput({
    writeOut: (text) => output += text,
    writeErr: () => {},
  });
  registerLpips(program);
  await program.parseAsync(["lpips", ...args], { from: "user" });
  return output;
}

Deno.test("lpips --json prints net, version, distance and the layers' contributions", async () => {
  const result = JSON.parse(await run(fixture("ex_ref.png"), fixture("ex_p0.png"), "--json"));
  assert.deepEqual(Object.keys(result), ["net", "version", "distance", "layers"]);
  assert.equal(result.net, "alex");
  assert.equal(result.version, "0.1");
  assert.ok(Math.abs(result.distance - .7218808) < 1e-4, String(result.distance)); // published
  assert.equal(result.layers.length, 5);
});

Deno.test("lpips prints the distance for reading, and --resize changes it", async () => {
  assert.match(await run(fixture("ex_ref.png"), fixture("ex_p1.png")), /^LPIPS v0\.1, alex: 0\.13756/);
  assert.doesNotMatch(await run(fixture("ex_ref.png"), fixture("ex_p1.png"), "--resize", "128"), /0\.13756/);
});

Deno.test("lpips refuses images of two sizes, naming both; a missing file; an unknown network; a wrong size", async () => {
  const small = await Deno.makeTempFile({ suffix: ".png" });
  await Deno.writeFile(small, encodePng(madeUpImages(1, 1, 20)));
  const reference = fixture("ex_ref.png");
  const refused = (args: string[], ...parts: string[]) =>
    assert.rejects(run(...args), (error) => {
      assert.ok(error instanceof InputError, String(error));
      for (const part of parts) assert.ok(error.message.includes(part), error.message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  try {
    await refused([reference, small], reference, "64x64", small, "20x20");
    await refused([small, small], "20x20", "31 px", "--resize");
    await refused([reference, "no/such.png"], "no/such.png");
    await refused([reference, reference, "--net", "resnet"], '"resnet"', "squeeze");
    await refused([reference, reference, "--resize", "8"], "8 px", "31");
    await refused([reference, reference, "--weights", reference], reference);
    await assert.rejects(run(reference, reference, "--resize", "1e3"), CommanderError);
  } finally {
    await Deno.remove(small);
  }
});

Deno.test("lpips refuses weights whose features are no finite numbers", () =>
  inFolder(async (folder) => {
    const weights = await writeLargeWeights(join(folder, "large.safetensors"), "lpips-alex", "features.6.weight", 1e38);
    await refused(
      /LPIPS with alex is NaN at layer 3: the features there are no finite numbers, .*; use its published ones$/,
      ...["lpips", fixture("ex_ref.png"), fixture("ex_p0.png"), "--weights", weights],
    );
  }));
