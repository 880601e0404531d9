import assert from "node:assert/strict";
import { openDataset } from "../../lib/data/mod.ts";
import { InputError } from "../../lib/errors.ts";
import {
  datasetOf,
  isDatasetAtHand,
  reopenDataset,
  type ReopenedRun,
  reopenTestImages,
} from "../../lib/pipeline/mod.ts";
import type { RunManifest } from "../../lib/types.ts";
import { inFolder } from "../in_folder.ts";
import { plainFiles, writeFiles } from "../data/image_files.ts";

/** A run of which nothing but its dataset is asked for. */
function runOf(dataset: RunManifest["dataset"]): ReopenedRun {
  return { name: "mine", manifest: { dataset } as RunManifest };
}

async function refused(work: Promise<unknown>, pattern: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, pattern);
    return true;
  });
}

Deno.test("a run of own images is opened where --data says, and only what it was made with", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, plainFiles(24, "a/"));
    const { name, sha256, test } = await openDataset({ kind: "images", directory: folder });
    const run = runOf({ name, kind: "images", sha256, images: test.count });
    assert.deepEqual(datasetOf(run, { data: folder }), { kind: "images", directory: folder });
    assert.equal((await reopenDataset(run, { data: folder }))!.sha256, sha256);
    assert.equal((await reopenTestImages(run, { data: folder }))!.count, 4);
    await writeFiles(folder, plainFiles(1, "b/"));
    await refused(
      reopenDataset(run, { data: folder }),
      /^run mine was made with another dataset .*; give --data the folder as it was then, or score again/,
    );
  }));

Deno.test("a run of own images without --data has none to show, and what needs them asks for it", async () => {
  for (const kind of ["images", "arrays"] as const) {
    const run = runOf({ name: "flowers", kind, sha256: "0".repeat(64), images: 4 });
    assert.equal(isDatasetAtHand(run), false);
    assert.equal(await reopenTestImages(run), null);
    await refused(reopenDataset(run), /^run mine was made with images of a folder named flowers; give --data DIR/);
    await refused(reopenDataset(run, { data: "/no/such/folder" }), /\/no\/such\/folder/);
  }
});
