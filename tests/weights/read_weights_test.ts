import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { encodeSafetensors } from "../../lib/weights/safetensors.ts";
import { readTensors, readWeights } from "../../lib/weights/read_weights.ts";
import { sha256OfFile } from "../../lib/weights/load_weights.ts";
import { takeWeight } from "../../lib/weights/take_weight.ts";

const TENSORS = { x: { shape: [1], data: Float32Array.of(2.5) }, y: { shape: [1], data: Float32Array.of(3) } };

async function withWeights(test: (path: string, sha256: string, bytes: number) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const path = join(directory, "weights.safetensors");
    const bytes = encodeSafetensors(TENSORS);
    await Deno.writeFile(path, bytes);
    await test(path, await sha256OfFile(path), bytes.length);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const saysInput = (pattern: RegExp) => (error: unknown) =>
  error instanceof InputError && pattern.test(error.message) && !error.message.includes("\n");

Deno.test("readWeights() reads a file of the user's, whatever its hash, and says what that is", async () => {
  await withWeights(async (path, sha256) => {
    const found = await readWeights(path, "own");
    assert.deepEqual({ ...found, tensors: Object.fromEntries(found.tensors) }, { path, sha256, tensors: TENSORS });
    const { tensors } = await readWeights(path, "own", (name) => name === "y");
    assert.deepEqual([...tensors.keys()], ["y"]);
  });
  await assert.rejects(
    readWeights("/nowhere/x.pth", "own"),
    saysInput(/^cannot read the weight file \/nowhere\/x\.pth/),
  );
});

Deno.test("readWeights() reads a file of the registry with its pinned hash alone, compared to the last digit", async () => {
  await withWeights(async (path, sha256, bytes) => {
    const pinned = { path, bytes, sha256, url: null };
    const found = await readWeights(pinned, "tiny", (name) => name === "x");
    assert.deepEqual({ ...found, tensors: Object.fromEntries(found.tensors) }, {
      path,
      sha256,
      tensors: { x: TENSORS.x },
    });
    const last = sha256.endsWith("0") ? "1" : "0";
    for (const other of [sha256.slice(0, 63) + last, sha256.slice(0, 8)]) {
      await assert.rejects(readWeights({ ...pinned, sha256: other }, "tiny"), saysInput(/has sha256 .* instead of /));
    }
  });
});

Deno.test("readWeights() takes off the names of wrappers that all tensors begin with", async () => {
  const one = { shape: [1], data: Float32Array.of(1) };
  const own = async (...names: string[]) => {
    const path = await Deno.makeTempFile({ suffix: ".safetensors" });
    try {
      await Deno.writeFile(path, encodeSafetensors(new Map(names.map((name) => [name, one]))));
      const raw = [...(await readTensors(path)).tensors.keys()];
      assert.deepEqual(raw, names);
      const wanted = [...(await readWeights(path, "own", (name) => name === "conv1.weight")).tensors.keys()];
      return [[...(await readWeights(path, "own")).tensors.keys()], wanted];
    } finally {
      await Deno.remove(path);
    }
  };
  const both = [["conv1.weight", "fc.bias"], ["conv1.weight"]];
  for (
    const prefix of [
      "module.",
      "_orig_mod.",
      "module._orig_mod.",
      "_orig_mod.module.",
      "model.",
      "model.net.",
      "_forward_module.module.",
      "",
    ]
  ) {
    assert.deepEqual(await own(`${prefix}conv1.weight`, `${prefix}fc.bias`), both, prefix);
  }
  assert.deepEqual(await own("n_averaged", "module.conv1.weight", "module.fc.bias"), both); // torch.optim.swa_utils
  assert.deepEqual(await own("conv1._orig_mod.weight", "_fsdp_wrapped_module.fc.bias"), both);
  // not all: whose they are is not known
  const mixed = ["model.conv1.weight", "loss.weight"];
  assert.deepEqual(await own(...mixed), [mixed, []]);
  assert.deepEqual(await own("features.0.weight", "features.0.bias"), [["features.0.weight", "features.0.bias"], []]);
});

Deno.test("takeWeight() names what stands in the place of a tensor that is missing", () => {
  const weights = new Map([["student.conv1.weight", { shape: [1], data: Float32Array.of(1) }]]);
  assert.throws(
    () => takeWeight(weights, "conv1.weight", [1], "f"),
    saysInput(
      /^f has no tensor conv1\.weight, but has student\.conv1\.weight; is it the weight file of another network\?$/,
    ),
  );
});

Deno.test("readWeights() says of a missing file how to get it", async () => {
  const missing = { path: "/nowhere/tiny.pth", bytes: 1, sha256: "0".repeat(64), url: null };
  await assert.rejects(
    readWeights(missing, "tiny"),
    saysInput(/^tiny needs \/nowhere\/tiny\.pth, which is not there; check out the repository again$/),
  );
  await assert.rejects(
    readWeights({ ...missing, url: "https://example.org/t.pth" }, "tiny"),
    saysInput(/run `deno task weights fetch tiny`, download https:\/\/example\.org\/t\.pth to that place/),
  );
});
