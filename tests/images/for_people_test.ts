import assert from "node:assert/strict";
import { decode } from "fast-png";
import { encodePng, isFileForPeople, isForPeople, markForPeople } from "../../lib/images/mod.ts";
import { decodePng } from "../../lib/images/png.ts";
import { inFolder } from "../in_folder.ts";

Deno.test("markForPeople() adds a text chunk that another decoder reads, and leaves the pixels", () => {
  const images = { count: 1, height: 2, width: 3, data: Float32Array.from({ length: 18 }, (_, i) => i / 255) };
  const plain = encodePng(images);
  const marked = markForPeople(plain);
  assert.deepEqual([isForPeople(plain), isForPeople(marked), isForPeople(new Uint8Array())], [false, true, false]);
  assert.deepEqual({ ...decode(marked, { checkCrc: true }).text }, { Comment: "polysem: made to be looked at" });
  assert.deepEqual(decodePng(marked, "marked"), images);
});

Deno.test("isFileForPeople() reads the beginning of a file, however large it is", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.png`;
    const plain = encodePng({ count: 1, height: 1, width: 1, data: new Float32Array(3) });
    for (
      const [bytes, expected] of [[markForPeople(plain), true], [plain, false], [new Uint8Array(), false]] as const
    ) {
      await Deno.writeFile(path, bytes);
      assert.equal(await isFileForPeople(path), expected);
    }
    await Deno.truncate(path, 2 ** 36); // 64 GB that take no room
    assert.equal(await isFileForPeople(path), false);
    assert.equal(await isFileForPeople(folder), false);
    assert.equal(await isFileForPeople(`${folder}/none.png`), false);
  }));

Deno.test("isFileForPeople() takes nothing out of a pipe, which gives its bytes once", () =>
  inFolder(async (folder) => {
    const [path, pipe] = [`${folder}/x.png`, `${folder}/pipe`];
    await Deno.writeFile(path, markForPeople(encodePng({ count: 1, height: 1, width: 1, data: new Float32Array(3) })));
    assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
    const filling = new Deno.Command("sh", { args: ["-c", 'exec cat "$1" > "$2"', "sh", path, pipe] }).spawn();
    assert.equal(await isFileForPeople(pipe), false); // what is in the pipe has the mark
    assert.deepEqual(await Deno.readFile(pipe), await Deno.readFile(path));
    await filling.status;
  }));
