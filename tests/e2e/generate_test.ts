import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readPng } from "../../lib/images/png.ts";
import { decodeNpy } from "../../lib/npy.ts";
import { finish } from "./command.ts";

Deno.test("generate end to end: the committed generator makes the same bytes again, one latent under many masks and one mask with many", async () => {
  const folder = await Deno.makeTempDir();
  const generate = async (name: string, ...args: string[]) => {
    const { code, err } = await finish(folder, "generate", "--out", join(folder, name), "--seed", "5", ...args);
    assert.equal(code, 0, err);
    const files = readdirSync(join(folder, name)).sort();
    return new Map(files.map((file) => [file, Deno.readFileSync(join(folder, name, file))]));
  };
  try {
    const many = await generate("many", "--label", "ship", "--mask", "disk", "--count", "3");
    assert.deepEqual([...many.keys()], ["labels.csv", "ship_disk_0.png", "ship_disk_1.png", "ship_disk_2.png"]);
    assert.deepEqual(await generate("again", "--label", "ship", "--mask", "disk", "--count", "3"), many);

    const masks = ["--mask", "disk", "--mask", "disk:x=.4,size=.4"];
    const one = await generate("one", "--label", "ship", ...masks, "--latent", "1", "--format", "npy");
    const { shape, data } = decodeNpy(one.get("images.npy")!, "images.npy");
    assert.deepEqual(shape, [2, 32, 32, 3]);
    // the first is the second image of the many: label, mask and latent are the same
    const { data: pixels } = await readPng(join(folder, "many", "ship_disk_1.png"));
    pixels.forEach((value, i) => assert.ok(Math.abs(value - data[i]) <= 0.5 / 255 + 1e-6));
    assert.notDeepEqual(data.slice(3072), data.slice(0, 3072));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
