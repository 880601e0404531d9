import assert from "node:assert/strict";
import { join } from "node:path";
import { registerValidateGan } from "../../../../lib/cli/commands/validate/gan.ts";
import { useBackend } from "../../../../lib/engine/mod.ts";
import { assertDocumented } from "../../../documented.ts";
import { inFolder } from "../../../in_folder.ts";
import { refused } from "../../refused.ts";
import { withToy } from "../../toy_command.ts";

Deno.test("validate gan measures a generator and writes the same as JSON and for reading", () =>
  inFolder(async (folder) => {
    await useBackend();
    const file = join(folder, "measures.json");
    const args = ["gan", "--count", "50", "--seed", "2", "--quiet"];
    const { out, err } = await withToy(registerValidateGan, [...args, "--out", file, "--json"]);
    assert.match(
      err,
      /^note: the measures are in .*measures\.json\nnote: names in this JSON: byLabel is now by_label; .*\n$/,
    );
    const measures = JSON.parse(out);
    const parts = ["generated", "composites"].map((source) => `${source}.moved_mask`); // null where nothing moves
    assertDocumented("validate gan", measures, parts);
    assert.deepEqual(measures.generated.moved_mask, measures.generated.movedMask);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(file)), measures);
    assert.deepEqual([measures.generator, measures.count, measures.seed], ["toy", 50, 2]);
    const { label, masks, movedMask } = measures.generated;
    assert.equal(label.count, 50);
    assert.equal(label.confusion.flat().reduce((sum: number, images: number) => sum + images), 50);
    // its masks are painted in green, over red and blue of one value
    assert.ok(masks.shape.edges.own.value > 0.99);
    assert.ok(movedMask.edges.found.low > 0.95);

    const { out: text } = await withToy(registerValidateGan, args);
    const row = (pattern: RegExp) => text.split("\n").find((line) => pattern.test(line))!;
    assert.ok(row(/label as asked/).includes(` ${(100 * label.share.value).toFixed(1)} % [`), text);
    assert.ok(
      row(/Frechet distance from 100 test images/).includes(` ${measures.generated.frechet.toFixed(2)} `),
      text,
    );
    assert.match(text, /50 images of toy, seed 2; .* not the Inception FID/);
  }));

Deno.test("validate gan refuses counts out of range, other files' weights and places that are not there", () =>
  inFolder(async (folder) => {
    const gan = (pattern: RegExp, ...args: string[]) => refused(pattern, "validate", "gan", "--quiet", ...args);
    await gan(/Give an integer from 50 to 50000/, "--count", "0");
    await gan(/Give an integer from 50 to 50000/, "--count", "1e9");
    await gan(
      /--card is the committed generator's, and --weights names another; leave one out/,
      "--card",
      "--weights",
      "x",
    );
    await gan(/Give an integer from 0 to 4294967295/, "--seed", "-1");
    await gan(/--out .*there is no folder .*nowhere; make it/, "--out", join(folder, "nowhere", "measures.json"));
    await gan(/CIFAR-10: .*nowhere.* is missing/, "--data", join(folder, "nowhere"));
    await gan(/cannot read the weight file .*none\.safetensors/, "--weights", join(folder, "none.safetensors"));
    const torn = join(folder, "torn.safetensors");
    await Deno.writeFile(torn, Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0x7b));
    await gan(/torn\.safetensors/, "--weights", torn);
  }));
