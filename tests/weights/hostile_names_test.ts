/** Names in files of weights and documents that mean something to a file system or to JavaScript. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import { readInputFile } from "../../lib/cli/options/input_file.ts";
import { fromCsv } from "../../lib/csv.ts";
import { InputError } from "../../lib/errors.ts";
import { loadProfile, parseProfile } from "../../lib/pipeline/mod.ts";
import { decodeSafetensors, encodeSafetensors } from "../../lib/weights/mod.ts";
import { loadWeights } from "../../lib/weights/load_weights.ts";
import { inFolder } from "../in_folder.ts";

const ZIP = join(import.meta.dirname!, "..", "..", "fixtures", "pth", "zip.pth");

/** Names of everything in a folder and below it. */
async function allIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    names.push(name, ...(isDirectory ? await allIn(join(folder, name)) : []));
  }
  return names.sort();
}

Deno.test("entries of a .pth file that climb out of it are written nowhere, and read as nothing", () =>
  inFolder(async (folder) => {
    const original = unzipSync(await Deno.readFile(ZIP));
    const climbing = ["../../evil", "/tmp/polysem-evil", "..\\..\\evil", "archive/../../evil", "C:\\evil"];
    const entries = { ...original, ...Object.fromEntries(climbing.map((name) => [name, new Uint8Array(4)])) };
    const path = join(folder, "inner", "deep", "weights.pth");
    await Deno.mkdir(join(folder, "inner", "deep"), { recursive: true });
    await Deno.writeFile(path, zipSync(entries, { level: 0 }));
    const before = await allIn(folder);
    assert.deepEqual(await loadWeights(path), await loadWeights(ZIP));
    assert.deepEqual(await allIn(folder), before);
    await assert.rejects(Deno.stat("/tmp/polysem-evil"), Deno.errors.NotFound);
  }));

Deno.test("a storage of a .pth file that climbs out of it is not in the file", () =>
  inFolder(async (folder) => {
    const original = unzipSync(await Deno.readFile(ZIP));
    const [root] = Object.keys(original)[0].split("/");
    const pickle = original[`${root}/data.pkl`];
    // the storage "0" becomes ".." in a key of two letters: BINUNICODE, its length, its text
    const at = pickle.findIndex((byte, i) => byte === 0x58 && pickle[i + 1] === 1 && pickle[i + 5] === 0x30);
    const renamed = new Uint8Array([...pickle.slice(0, at + 1), 2, 0, 0, 0, 0x2e, 0x2e, ...pickle.slice(at + 6)]);
    const path = join(folder, "weights.pth");
    await Deno.writeFile(path, zipSync({ ...original, [`${root}/data.pkl`]: renamed }, { level: 0 }));
    await assert.rejects(loadWeights(path), (error: Error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /its storage "\.\." is not in the zip file/);
      return true;
    });
  }));

Deno.test("a key __proto__ is a key like others, and changes no object", async () => {
  const isClean = () => assert.equal(({} as Record<string, unknown>).polluted, undefined);
  const own = JSON.parse('{"extends": "paper", "__proto__": {"polluted": 1}}');
  assert.throws(() => parseProfile(own, "p.json"), /__proto__ is not a field/);
  const inner = JSON.parse('{"extends": "paper", "visualize": {"__proto__": {"steps": 1}}}');
  assert.throws(() => parseProfile(inner, "p.json"), /visualize\.__proto__ is not a field/);
  const constructor = JSON.parse('{"extends": "paper", "constructor": {"prototype": {"polluted": 1}}}');
  assert.throws(() => parseProfile(constructor, "p.json"), /constructor is not a field/);
  isClean();
  await inFolder(async (folder) => {
    const path = join(folder, "p.json");
    await Deno.writeTextFile(path, '{"__proto__": {"polluted": 1}, "size": 3}');
    await assert.rejects(readInputFile(path), /__proto__/);
    await Deno.writeTextFile(path, '{"extends": "__proto__"}');
    await assert.rejects(loadProfile(path), /extends is "__proto__"/);
  });
  const tensor = { shape: [1], data: Float32Array.of(1) };
  const bytes = encodeSafetensors(new Map([["__proto__", tensor], ["constructor", tensor]]), { key: "value" });
  const { tensors } = decodeSafetensors(bytes, "w");
  assert.deepEqual([...tensors.keys()], ["__proto__", "constructor"]);
  const [row] = fromCsv("__proto__,polluted\na,b\n")!;
  assert.equal(Object.getOwnPropertyDescriptor(row, "__proto__")!.value, "a");
  isClean();
});

Deno.test("names that a spreadsheet would compute are written to CSV as they are", async () => {
  // SECURITY.md says so: a name that was changed would be that of another layer
  const { toCsv } = await import("../../lib/csv.ts");
  assert.equal(toCsv(["layer"], [{ layer: "=1+1" }, { layer: "@SUM(A1,A2)" }]), 'layer\n=1+1\n"@SUM(A1,A2)"\n');
});
