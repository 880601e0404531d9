import assert from "node:assert/strict";
import { join } from "node:path";
import { refuseUnwritable } from "../lib/cli/console/out_file.ts";
import { InputError } from "../lib/errors.ts";
import { createFresh, refuseLink } from "../lib/fresh_file.ts";
import { writePng } from "../lib/images/mod.ts";
import { openRun } from "../lib/store/mod.ts";
import { UnfinishedFile, writeWhole } from "../lib/whole_file.ts";
import { inFolder } from "./in_folder.ts";
import { MANIFEST } from "./store/example_run.ts";

/** Ways to write a file that has a name of its own until it is whole. */
const WRITERS: Readonly<Record<string, (path: string) => void | Promise<void>>> = {
  writeWhole: (path) => writeWhole(path, "new"),
  writePng: (path) => writePng(path, { count: 1, height: 1, width: 1, data: new Float32Array(3) }),
  UnfinishedFile: (path) => {
    const file = new UnfinishedFile(path);
    file.write(new TextEncoder().encode("new"));
    file.finish();
  },
  refuseUnwritable: (path) => refuseUnwritable(path),
};

for (const [name, write] of Object.entries(WRITERS)) {
  Deno.test(`${name} does not follow a link that lies under the name of the unfinished file`, () =>
    inFolder(async (folder) => {
      const [victim, path] = [join(folder, "victim"), join(folder, "out")];
      await Deno.writeTextFile(victim, "precious");
      await Deno.symlink(victim, `${path}.${Deno.pid}.tmp`);
      await write(path);
      assert.equal(await Deno.readTextFile(victim), "precious");
      if (name !== "refuseUnwritable") assert.ok((await Deno.lstat(path)).isFile);
      await assert.rejects(Deno.lstat(`${path}.${Deno.pid}.tmp`), Deno.errors.NotFound);
    }));
}

Deno.test("writeWhole() takes the place of a link under the file's own name, and leaves what it leads to", () =>
  inFolder(async (folder) => {
    const [victim, path] = [join(folder, "victim"), join(folder, "out")];
    await Deno.writeTextFile(victim, "precious");
    await Deno.symlink(victim, path);
    writeWhole(path, "new");
    assert.equal(await Deno.readTextFile(victim), "precious");
    assert.equal(await Deno.readTextFile(path), "new");
  }));

Deno.test("createFresh() makes a file that was not there, and takes an old one away", () =>
  inFolder(async (folder) => {
    const path = join(folder, "file");
    await Deno.writeTextFile(path, "a long text");
    {
      using file = createFresh(path);
      file.writeSync(new TextEncoder().encode("a"));
    }
    assert.equal(await Deno.readTextFile(path), "a");
    assert.throws(() => createFresh(join(folder, "none", "file")), Deno.errors.NotFound);
  }));

Deno.test("a run whose lock is a link is refused, and what the link leads to is left as it is", () =>
  inFolder(async (folder) => {
    const victim = join(folder, "victim");
    await Deno.writeTextFile(victim, "precious");
    await Deno.mkdir(join(folder, "run"));
    await Deno.symlink(victim, join(folder, "run", "run.lock"));
    assert.throws(() => openRun(join(folder, "run"), MANIFEST), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /run\.lock is a link, and what it leads to may lie anywhere; remove it/);
      return true;
    });
    assert.equal(await Deno.readTextFile(victim), "precious");
    assert.throws(() => refuseLink(join(folder, "run", "run.lock")), InputError);
    refuseLink(victim);
    refuseLink(join(folder, "none"));
  }));
