import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { encodeSafetensors } from "../../lib/weights/safetensors.ts";
import { loadWeights, sha256OfFile, verifySha256 } from "../../lib/weights/load_weights.ts";

const pth = (name: string) => new URL(`../../fixtures/pth/${name}`, import.meta.url);

async function withFile(bytes: Uint8Array, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".weights" });
  try {
    await Deno.writeFile(path, bytes);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

const saysInput = (pattern: RegExp) => (error: unknown) => error instanceof InputError && pattern.test(error.message);

Deno.test("loadWeights() tells the three formats by their bytes, whatever the file is called", async () => {
  const x = { shape: [1], data: new Float32Array([2.5]) };
  await withFile(encodeSafetensors({ x, y: x }), async (path) => {
    assert.deepEqual([...await loadWeights(path)], [["x", x], ["y", x]]);
    assert.deepEqual([...await loadWeights(path, (name) => name === "y")], [["y", x]]);
  });
  for (const name of ["zip.pth", "legacy.pth"]) {
    await withFile(await Deno.readFile(pth(name)), async (path) => {
      const tensors = await loadWeights(path, (key) => key === "column");
      assert.deepEqual([...tensors], [["column", { shape: [2], data: new Float32Array([-1.5, -0.5]) }]]);
    });
  }
});

Deno.test("loadWeights() refuses what is no weight file, and names it", async () => {
  for (const bytes of [new Uint8Array(0), new TextEncoder().encode("<html>not found</html>"), new Uint8Array(100)]) {
    await withFile(
      bytes,
      (path) => assert.rejects(loadWeights(path), saysInput(/\.weights is not a weight file: .*check/)),
    );
  }
  await assert.rejects(loadWeights("/nowhere/x.pth"), saysInput(/^cannot read the weight file \/nowhere\/x\.pth: /));
});

// the test vectors of FIPS 180-2
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const MILLION_A = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

Deno.test("sha256OfFile() gives the published hashes of abc and of a million a, in pieces", async () => {
  await withFile(new TextEncoder().encode("abc"), async (path) => assert.equal(await sha256OfFile(path), ABC));
  await withFile(
    new Uint8Array(1_000_000).fill(0x61),
    async (path) => assert.equal(await sha256OfFile(path), MILLION_A),
  );
});

Deno.test("verifySha256() accepts the pinned file alone", async () => {
  await withFile(new TextEncoder().encode("abc"), async (path) => {
    await verifySha256(path, ABC.toUpperCase());
    await assert.rejects(
      verifySha256(path, MILLION_A),
      saysInput(new RegExp(`has sha256 ${ABC} instead of ${MILLION_A}`)),
    );
  });
  await assert.rejects(verifySha256("/nowhere/x", ABC), saysInput(/^cannot read \/nowhere\/x/));
});

Deno.test("verifySha256() compares all 64 digits", async () => {
  await withFile(new TextEncoder().encode("abc"), async (path) => {
    for (let digit = 0; digit < 64; digit++) {
      const other = ABC.slice(0, digit) + (ABC[digit] === "0" ? "1" : "0") + ABC.slice(digit + 1);
      await assert.rejects(verifySha256(path, other), saysInput(/is cut off or another file/), `digit ${digit}`);
    }
    for (const part of ["", ABC.slice(0, 8), `${ABC}0`]) {
      await assert.rejects(verifySha256(path, part), saysInput(/is cut off or another file/));
    }
  });
});
