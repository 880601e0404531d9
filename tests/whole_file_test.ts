import assert from "node:assert/strict";
import { join } from "node:path";
import { UnfinishedFile, writeWhole } from "../lib/whole_file.ts";
import { inFolder } from "./in_folder.ts";

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

/** A process that has begun to write a file and waits. */
async function startWriter(path: string): Promise<Deno.ChildProcess> {
  const module = new URL("../lib/whole_file.ts", import.meta.url).href;
  const code = `import { UnfinishedFile } from ${JSON.stringify(module)};
    new UnfinishedFile(${JSON.stringify(path)}).write(Uint8Array.of(1));
    console.log("begun");
    setInterval(() => {}, 1000);`;
  const args = ["eval", "--ext=ts", code];
  const writer = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = writer.stdout.getReader();
  await reader.read();
  await reader.cancel();
  return writer;
}

Deno.test("UnfinishedFile is there only when it is finished, and leaves nothing when it is discarded", () =>
  inFolder((folder) => {
    const path = join(folder, "file");
    const discarded = new UnfinishedFile(path);
    discarded.write(Uint8Array.of(1));
    assert.equal(namesIn(folder).includes("file"), false);
    discarded.discard();
    assert.deepEqual(namesIn(folder), []);
    const file = new UnfinishedFile(path);
    file.write(Uint8Array.of(1, 2));
    file.write(Uint8Array.of(3));
    file.finish();
    file.discard(); // does nothing any more
    assert.deepEqual([namesIn(folder), [...Deno.readFileSync(path)]], [["file"], [1, 2, 3]]);
  }));

Deno.test("UnfinishedFile says why it cannot write, and what to do", () => {
  assert.throws(
    () => new UnfinishedFile("/nowhere/file", "go"),
    /^InputError: \/nowhere\/file cannot be written: .*; go$/,
  );
});

Deno.test("writeWhole() removes what a killed writer of the same file has left, and nothing of one that is at work", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file");
    const others = ["file.tmp", "other.99999999.tmp", "file.1x.tmp"]; // not of this file
    for (const name of others) Deno.writeTextFileSync(join(folder, name), "");
    const writers = [await startWriter(path), await startWriter(path)];
    const [working, killed] = writers.map(({ pid }) => `file.${pid}.tmp`);
    try {
      assert.deepEqual(namesIn(folder), [...others, working, killed].sort());
      writers[1].kill("SIGKILL");
      await writers[1].status;
      assert.ok(namesIn(folder).includes(killed)); // a killed process clears nothing
      writeWhole(path, "whole");
      assert.deepEqual(namesIn(folder), [...others, working, "file"].sort());
      assert.equal(Deno.readTextFileSync(path), "whole");
    } finally {
      writers[0].kill("SIGKILL");
      await writers[0].status;
    }
  }));

Deno.test("writeWhole() writes over what an earlier process of the same number has left", () =>
  inFolder((folder) => {
    const path = join(folder, "file");
    Deno.writeTextFileSync(`${path}.${Deno.pid}.tmp`, "longer than what is written");
    writeWhole(path, "short");
    assert.deepEqual([namesIn(folder), Deno.readTextFileSync(path)], [["file"], "short"]);
  }));
