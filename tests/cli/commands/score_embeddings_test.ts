import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeNpy } from "../../../lib/npy.ts";
import { polysem } from "../run_main.ts";

async function inFolder(action: (write: (name: string, rows: number[][]) => string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await action((name, rows) => {
      const path = join(folder, name);
      if (name.endsWith(".npy")) {
        const shape = [rows.length, rows[0]?.length ?? 2];
        Deno.writeFileSync(path, encodeNpy({ shape, data: Float64Array.from(rows.flat()) }));
      } else Deno.writeTextFileSync(path, rows.map((row) => row.join(",")).join("\n") + "\n");
      return path;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function scored(...args: string[]) {
  const { code, out, err } = await polysem("score-embeddings", ...args, "--json");
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

async function refused(pattern: RegExp, ...args: string[]) {
  const { code, out, err } = await polysem("score-embeddings", ...args, "--json");
  assert.equal(code, 2, `${out}${err}`);
  assert.equal(out, "");
  assert.match(err, pattern);
  assert.match(err, /^error: [^\n]*\n$/);
}

/** Two tight groups of three around orthogonal directions: means (2, 0) and (0, 1), of norms 2 and 1. */
const TWO = [[2, 0.1], [2, -0.1], [2, 0], [0.1, 1], [-0.1, 1], [0, 1]];

Deno.test("score-embeddings with labels is the formula alone", () =>
  inFolder(async (write) => {
    const result = await scored(write("two.npy", TWO), "--labels", write("labels.csv", [[7], [7], [7], [4], [4], [4]]));
    assert.deepEqual(Object.keys(result).slice(0, 7), ["I", "K", "C", "D", "S", "assignments", "bic"]);
    assert.equal(result.I, 6);
    assert.equal(result.K, 2);
    assert.equal(result.C, 1 / 5); // (2 - 1) / (6 - 1)
    assert.ok(Math.abs(result.D - 1 / 3) < 1e-12); // theta = 1/2, b = 2 * 1 / (2 + 1)
    assert.ok(Math.abs(result.S - (1 / 5 + 1 / 3 - 1 / 15)) < 1e-12);
    assert.deepEqual(result.assignments, [0, 0, 0, 1, 1, 1]);
    assert.deepEqual(result.bic, []);
  }));

Deno.test("score-embeddings finds two far groups, by itself and by every criterion told", () =>
  inFolder(async (write) => {
    // Twelve dimensions: group g is e_g plus small deviations along axes of its own.
    const row = (g: number, i: number) => Array.from({ length: 12 }, (_, d) => d === g ? 1 : d === i + 2 ? 0.05 : 0);
    const file = write("far.npy", Array.from({ length: 10 }, (_, i) => row(i % 2, i)));
    const result = await scored(file);
    assert.equal(result.K, 2);
    assert.equal(result.criterion, "gap");
    assert.deepEqual(result.assignments, [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    assert.deepEqual(result.bic.map(({ k }: { k: number }) => k), [1, 2, 3, 4, 5]);
    assert.ok(result.bic.every((each: object) => Object.keys(each).join() === "k,bic,inertia"), "the former name");
    assert.ok(result.candidates.every((each: object) => Object.keys(each).join() === "k,criterion,inertia"));
    assert.deepEqual(
      result.candidates.map(({ criterion }: { criterion: number }) => criterion),
      result.bic.map(({ bic }: { bic: number }) => bic),
    );
    for (const criterion of ["gap", "pelleg-moore", "silhouette", "spherical", "sse-penalty"]) {
      const told = await scored(file, "--criterion", criterion);
      assert.equal(told.K, 2, criterion);
      assert.equal(told.k_by_criterion[criterion], 2);
    }
    const price = await scored(file, "--criterion", "sse-penalty", "--beta", "1000");
    assert.equal(price.K, 1);
    assert.equal(price.C, 0);
    assert.equal(price.D, 0);
    assert.equal(price.S, 0);
    assert.deepEqual((await scored(file, "--k-max", "3")).bic.length, 3);
    assert.deepEqual(await scored(file, "--seed", "5"), await scored(file, "--seed", "5"));
  }));

Deno.test("score-embeddings subtracts the mean it is given", () =>
  inFolder(async (write) => {
    // Far from the origin both groups point almost the same way; less their common offset they are opposite.
    const rows = TWO.map((_, i) => [100 + (i % 2 === 0 ? 1 : -1), 100]);
    const file = write("offset.npy", rows);
    const args = [file, "--criterion", "sse-penalty", "--beta", "1.79"];
    assert.equal((await scored(...args)).K, 1);
    assert.equal((await scored(...args, "--mean", write("mean.npy", [[100, 100]]))).K, 2);
    await refused(/has 3 numbers; give one for each of 2 columns/, ...args, "--mean", write("odd.npy", [[1, 2, 3]]));
  }));

Deno.test("score-embeddings of one row has no score", () =>
  inFolder(async (write) => {
    const result = await scored(write("one.npy", [[1, 2]]));
    assert.deepEqual([result.I, result.K, result.C, result.D, result.S], [1, 1, null, 0, null]);
    assert.equal(result.mean_angle, null);
    const { code, out } = await polysem("score-embeddings", write("one.csv", [[1, 2]]));
    assert.equal(code, 0);
    assert.match(out, /S = -.*\n.*\none image has no score/);
  }));

Deno.test("score-embeddings of rows that are all the same is one cluster", () =>
  inFolder(async (write) => {
    const result = await scored(write("same.npy", Array(8).fill([3, 4])));
    assert.deepEqual([result.K, result.C, result.D, result.S], [1, 0, 0, 0]);
    assert.equal(result.mean_angle, 0);
  }));

Deno.test("score-embeddings scores a cluster that holds a row without length", () =>
  inFolder(async (write) => {
    const result = await scored(write("zero.npy", [[0, 0], [2, 0]]), "--labels", write("l.csv", [[0], [0]]));
    assert.equal(result.S, 0);
    assert.equal(result.mean_angle, null);
  }));

Deno.test("score-embeddings reads CSV as it reads .npy", () =>
  inFolder(async (write) => {
    assert.deepEqual(await scored(write("two.csv", TWO)), await scored(write("two.npy", TWO)));
  }));

Deno.test("score-embeddings refuses what cannot be scored", () =>
  inFolder(async (write) => {
    await refused(/NaN/, write("nan.npy", [[1, NaN], [1, 2]]));
    await refused(/Infinity/, write("inf.npy", [[1, 2], [-Infinity, 2]]));
    await refused(/0 rows/, write("empty.npy", []));
    await refused(/centre 0 has norm 0/, write("zero.npy", [[0, 0], [0, 0]]));
    const opposite = write("opposite.npy", [[1, 0], [-1, 0], [0, 1]]);
    await refused(/centre 0 has norm 0/, opposite, "--labels", write("l.csv", [[0], [0], [1]]));
    await refused(/2 labels for 3 rows/, opposite, "--labels", write("short.csv", [[0], [1]]));
    await refused(/label 0\.5/, opposite, "--labels", write("half.csv", [[0], [0.5], [1]]));
    await refused(/cannot read/, "no/such/file.npy");
    for (const [option, value] of [["--k-max", "0"], ["--seed", "x"], ["--beta", "-1"], ["--criterion", "bic"]]) {
      await refused(/is invalid/, opposite, option, value);
    }
  }));
