import assert from "node:assert/strict";
import { join } from "node:path";
import { UnfinishedFile } from "../../../lib/gan/generation/unfinished_file.ts";

Deno.test("UnfinishedFile is there only when it is finished, and leaves nothing when it is discarded", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "file");
    const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name);
    const discarded = new UnfinishedFile(path);
    discarded.write(Uint8Array.of(1));
    assert.equal(names().includes("file"), false);
    discarded.discard();
    assert.deepEqual(names(), []);
    const file = new UnfinishedFile(path);
    file.write(Uint8Array.of(1, 2));
    file.write(Uint8Array.of(3));
    file.finish();
    file.discard(); // does nothing any more
    assert.deepEqual([names(), [...Deno.readFileSync(path)]], [["file"], [1, 2, 3]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("UnfinishedFile says why it cannot write", () => {
  assert.throws(
    () => new UnfinishedFile("/nowhere/file"),
    /\/nowhere\/file cannot be written: .*choose another folder with --out/,
  );
});
