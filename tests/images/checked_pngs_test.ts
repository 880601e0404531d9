import assert from "node:assert/strict";
import { join } from "node:path";
import { checkPngs } from "../../lib/images/checked_pngs.ts";
import { encodePng } from "../../lib/images/png.ts";
import { inFolder } from "../in_folder.ts";

Deno.test("checkPngs() gives the images in any order, and keeps the pixels of the first ones alone", () =>
  inFolder(async (folder) => {
    const side = 4; // 192 bytes of pixels
    const paths = [1, 2, 3].map((i) => join(folder, `${i}.png`));
    for (const [i, path] of paths.entries()) {
      const data = new Float32Array(3 * side * side).fill(i / 255);
      await Deno.writeFile(path, encodePng({ count: 1, height: side, width: side, data }));
    }
    const images = await checkPngs(paths, 2 * 192);
    for (const path of paths) await Deno.remove(path);
    assert.equal((await images.take(1)).data[0], Math.fround(1 / 255));
    assert.equal((await images.take(0)).data[0], 0);
    await assert.rejects(images.take(2), /cannot read the image .*3\.png/);
  }));

Deno.test("checkPngs() refuses the first file that is wrong", () =>
  inFolder(async (folder) => {
    const [good, bad] = ["good.png", "bad.png"].map((name) => join(folder, name));
    await Deno.writeFile(good, encodePng({ count: 1, height: 1, width: 1, data: new Float32Array(3) }));
    await Deno.writeTextFile(bad, "GIF89a");
    await assert.rejects(checkPngs([good, bad, join(folder, "none.png")]), /bad\.png is not a readable PNG/);
  }));
