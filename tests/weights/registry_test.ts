import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { checkWeightFile, findWeightSet, listWeightSets, recordModel } from "../../lib/weights/registry.ts";

async function withModels(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("listWeightSets() gives every file an absolute place, a size and a hash, and no hash twice for two addresses", async () => {
  const sets = await listWeightSets();
  assert.equal(new Set(sets.map((set) => set.name)).size, sets.length);
  const byHash = new Map<string, string>();
  for (const { name, files } of sets) {
    assert.ok(files.length > 0, name);
    for (const { path, bytes, sha256, url } of files) {
      assert.ok(path.startsWith("/") && bytes > 0, name);
      assert.match(sha256, /^[0-9a-f]{64}$/);
      assert.equal(byHash.get(sha256) ?? path, path);
      byHash.set(sha256, path);
      // PyTorch puts the first eight digits of the hash into the name of its files
      const digits = /-([0-9a-f]{8})\.pth$/.exec(url ?? "")?.[1];
      if (digits) assert.ok(sha256.startsWith(digits), url!);
    }
  }
});

Deno.test("listWeightSets() knows the official sizes of files whose parameters can be counted", async () => {
  // four bytes a parameter, and a few kilobytes for the container; of ResNets also a mean and a variance for each channel
  const parameters = {
    "alexnet-imagenet": 61_100_840,
    "lpips-vgg": 138_357_544,
    "vgg16-imagenet": 138_357_544,
    "squeezenet1_1-imagenet": 1_235_496,
    "resnet18-imagenet": 11_689_512 + 2 * 4_800,
    "resnet34-imagenet": 21_797_672 + 2 * 8_512,
    "resnet50-imagenet": 25_557_032 + 2 * 26_560,
  };
  for (const [name, count] of Object.entries(parameters)) {
    const { files } = await findWeightSet(name);
    const container = files[0].bytes - 4 * count;
    assert.ok(container > 0 && container < 100_000, `${name}: ${container}`);
  }
});

Deno.test("findWeightSet() names what there is when asked for what there is not", async () => {
  await assert.rejects(findWeightSet("resnet50"), (error) => {
    return error instanceof InputError &&
      /^there are no weights named "resnet50"; choose one of .*resnet18-imagenet/.test(error.message);
  });
});

Deno.test("recordModel() enters a committed model, which findWeightSet() then finds", async () => {
  await withModels(async (directory) => {
    await Deno.mkdir(join(directory, "tiny"));
    await Deno.writeTextFile(join(directory, "tiny", "weights.safetensors"), "abc");
    await recordModel("tiny", { about: "three letters", licence: "MIT" }, directory);
    await recordModel("tiny", { about: "a test", licence: "MIT" }, directory); // again: replaced
    const path = join(directory, "tiny/weights.safetensors");
    const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // of abc, FIPS 180-2
    const set = { name: "tiny", about: "a test", licence: "MIT", files: [{ path, bytes: 3, sha256, url: null }] };
    assert.deepEqual(await findWeightSet("tiny", directory), set);
  });
});

Deno.test("checkWeightFile() tells the pinned file from one of another size or hash, to the last digit, and from none", async () => {
  await withModels(async (directory) => {
    const path = join(directory, "weights.safetensors");
    await Deno.writeTextFile(path, "abc");
    const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // of abc, FIPS 180-2
    const file = { path, bytes: 3, sha256, url: null };
    assert.equal(await checkWeightFile(file), "intact");
    assert.equal(await checkWeightFile({ ...file, bytes: 4 }), "altered");
    for (const other of [`c${sha256.slice(1)}`, `${sha256.slice(0, 63)}e`, sha256.slice(0, 8)]) {
      assert.equal(await checkWeightFile({ ...file, sha256: other }), "altered");
    }
    assert.equal(await checkWeightFile({ ...file, path: join(directory, "none") }), "missing");
  });
});

Deno.test("listWeightSets() refuses an index that is damaged or leads out of its folder, naming the field", async () => {
  const entry = { file: "a/b", bytes: 1, sha256: "0".repeat(64), about: "", licence: "" };
  const cases: [string, RegExp][] = [
    ["{", /index\.json is not a valid index/],
    [JSON.stringify({ x: { ...entry, bytes: "1" } }), /x\.bytes/],
    [JSON.stringify({ x: { ...entry, sha256: "0" } }), /x\.sha256: must be 64/],
    [JSON.stringify({ x: { ...entry, file: "../secret" } }), /x\.file: must be a path inside/],
    [JSON.stringify({ x: { ...entry, file: "/etc/passwd" } }), /x\.file/],
    [JSON.stringify({ x: { ...entry, extra: 1 } }), /extra/],
  ];
  for (const [text, pattern] of cases) {
    await withModels(async (directory) => {
      await Deno.writeTextFile(join(directory, "index.json"), text);
      await assert.rejects(listWeightSets(directory), (error) => {
        return error instanceof InputError && pattern.test(error.message) && !error.message.includes("\n");
      }, text);
    });
  }
});
