import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError } from "../../lib/errors.ts";
import { encodeSafetensors } from "../../lib/weights/safetensors.ts";
import { readWeights } from "../../lib/weights/read_weights.ts";
import { sha256OfFile } from "../../lib/weights/load_weights.ts";

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
