import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeNpy } from "../../../lib/npy.ts";
import { CALIBRATED, clusterAndScore, clusterOptions, loadProfile } from "../../../lib/pipeline/mod.ts";
import { CALIBRATED_FOR } from "../../../lib/score_embeddings.ts";
import { polysem } from "../run_main.ts";

const ROOT = join(import.meta.dirname!, "..", "..", "..");

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

/** 32 images of 512 dimensions: `groups` directions less the mean, each image off it by a little of an axis of its own. */
function images(groups: number): number[][] {
  return Array.from(
    { length: 32 },
    (_, i) => Array.from({ length: 512 }, (_, d) => 1 + (d === i % groups ? 1 : d === i + 8 ? 0.3 : 0)),
  );
}

const MEAN = [Array(512).fill(1)];

Deno.test("score-embeddings with --mean clusters as a run that weighs embeddings alone", () =>
  inFolder(async (write) => {
    const { profile } = await loadProfile(join(ROOT, "docs/data/profiles/embedding-alone.json"));
    const meanEmbedding = Float32Array.from(MEAN[0]);
    const none = { distances: [], pooledDistances: [] };
    for (const groups of [1, 3]) {
      const rows = images(groups);
      // Opposite to all others of one group, at a squared distance of about 4 (31 / 32): worth 2.59, but alone, so dissolved.
      rows[0] = rows[0].map((value, d) => d === 0 ? 0 : value);
      const embeddings = { rows: rows.length, cols: 512, data: Float64Array.from(rows.flat()) };
      const options = clusterOptions({ profile, seed: 0, meanEmbedding }, "conv2", 3, none);
      const run = clusterAndScore({ embeddings, options: { ...options, seed: 7 } });
      const file = write(`images${groups}.npy`, rows);
      const args = [file, "--mean", write("mean.npy", MEAN), "--seed", "7"];
      const result = await scored(...args);
      if (groups === 1) assert.equal((await scored(...args, "--min-cluster-size", "1")).K, result.K + 1);
      assert.equal(result.criterion, "sse-penalty");
      for (const key of ["I", "K", "C", "D", "S", "assignments", "candidates"] as const) {
        assert.deepEqual(result[key], run[key], key);
      }
      assert.deepEqual(await scored(...args, "--criterion", "sse-penalty"), result);
    }
  }));

Deno.test("score-embeddings has the price that calibration found for embeddings alone", async () => {
  const text = await Deno.readTextFile(join(ROOT, "models/resnet18-cifar10/calibration.json"));
  const { embedder, grid } = JSON.parse(text) as {
    embedder: string;
    grid: { lpips: number; pooled: number; beta: number }[];
  };
  const { beta } = grid.find(({ lpips, pooled }) => lpips === 0 && pooled === 0)!;
  assert.equal(CALIBRATED_FOR.beta, Number(beta.toFixed(2)));
  assert.equal(CALIBRATED_FOR.embedder, embedder);
  assert.equal(CALIBRATED.elbow.minImages, CALIBRATED_FOR.leastRows);
  assert.equal(CALIBRATED.elbow.maxImages, CALIBRATED_FOR.mostRows);
});

async function said(...args: string[]): Promise<string> {
  const { code, out, err } = await polysem("score-embeddings", ...args);
  assert.equal(code, 0, err);
  assert.equal(err, "");
  return out;
}

Deno.test("score-embeddings says which rule chose K, why, and what its price was calibrated for", () =>
  inFolder(async (write) => {
    const file = write("images.npy", images(3));
    const mean = write("mean.npy", MEAN);
    assert.match(
      await said(file),
      /chosen by the gap statistic, since .* mean embedding: give it with --mean MEAN\.npy, or --mean resnet18-cifar10 where .*too many/,
    );
    const ofRun = await said(file, "--mean", mean);
    assert.match(ofRun, /chosen by sse-penalty, the rule of a run, since --mean is given/);
    assert.match(ofRun, /price of a cluster, 2\.59, .* resnet18-cifar10 \(512 columns\).*; for another embedder/);
    assert.doesNotMatch(await said(file, "--mean", mean, "--beta", "3"), /calibrated/);
    const lengths = await said(file, "--mean", mean, "--no-normalize");
    assert.match(lengths, /chosen by the gap statistic, since .* unit length/);
    const told = await said(file, "--mean", mean, "--criterion", "silhouette");
    assert.match(told, /chosen by silhouette, as --criterion says\./);
    assert.doesNotMatch(told, /price/);
    const other = await said(write("two.npy", TWO), "--criterion", "sse-penalty");
    assert.match(other, /have 2 columns.*, and are 6 rows.*, and are not less that mean: give a price of their own/);
  }));

Deno.test("score-embeddings says K by every criterion", () =>
  inFolder(async (write) => {
    const file = write("images.npy", images(3));
    const { k_by_criterion } = await scored(file);
    const words = Object.entries(k_by_criterion).map(([criterion, K]) => `${criterion} ${K}`).join(", ");
    assert.match(words, /^sse-penalty \d, .*silhouette 3/);
    assert.ok((await said(file)).includes(`K by every criterion: ${words}\n`));
  }));

Deno.test("score-embeddings says when K is the greatest tried, and what to do", () =>
  inFolder(async (write) => {
    const file = write("images.npy", images(4));
    const args = [file, "--criterion", "silhouette"];
    assert.equal((await scored(...args)).k_at_limit, false);
    assert.doesNotMatch(await said(...args), /greatest/);
    assert.equal((await scored(...args, "--k-max", "4")).k_at_limit, true);
    assert.match(await said(...args, "--k-max", "4"), /K = 4, the greatest tried: .* --k-max 8\./);
    // a free cluster is always worth it: 31 of 32 rows, or half of them
    const free = [file, "--criterion", "sse-penalty", "--beta", "0"];
    assert.match(await said(...free, "--k-max", "500"), /K = 31, the greatest that 32 rows allow/);
    assert.match(await said(write("six.npy", TWO), ...free.slice(1)), /K = 3, the greatest tried: .* --k-max 5\./);
    // all rows alike are one cluster, whatever is tried, and one row or two can be no more
    assert.equal((await scored(write("same.npy", Array(8).fill([3, 4])))).k_at_limit, false);
    assert.equal((await scored(write("pair.npy", [[1, 2], [2, 1]]))).k_at_limit, false);
    const labelled = await scored(write("two.npy", TWO), "--labels", write("l.csv", TWO.map((_, i) => [i % 2])));
    assert.equal(labelled.k_at_limit, null);
  }));

Deno.test("score-embeddings says how many clusters were dissolved", () =>
  inFolder(async (write) => {
    // Two pairs of one direction each and a row of its own: three clusters, the smallest of which joins another.
    const rows = [[1, 0, 0], [2, 0, 0], [0, 1, 0], [0, 2, 0], [0, 0, 1], [0, 3, 0]];
    const args = [write("rows.npy", rows), "--criterion", "sse-penalty", "--beta", "0.1"];
    assert.equal((await scored(...args)).K, 3);
    assert.equal((await scored(...args, "--min-cluster-size", "2")).K, 2);
    assert.match(await said(...args, "--min-cluster-size", "2"), /It chose 3 clusters; .* left 2\./);
  }));

Deno.test("score-embeddings of more than 1,000 rows tells the sample, and K by every criterion", () =>
  inFolder(async (write) => {
    const rows = Array.from(
      { length: 1100 },
      (_, i) => [0, 1, 2].map((d) => (d === i % 3 ? 1 : 0) + ((i * 7 + d) % 11) / 100),
    );
    const file = write("many.npy", rows);
    const args = [file, "--criterion", "silhouette", "--k-max", "4"];
    const result = await scored(...args);
    assert.equal(result.K, 3);
    assert.deepEqual(result.assignments, rows.map((_, i) => i % 3));
    assert.equal(result.sampled_rows, 1000);
    assert.equal(result.k_by_criterion.silhouette, 3);
    assert.match(await said(...args), /Of 1100 rows, 1000 drawn by the seed/);
    assert.equal((await scored(write("two.npy", TWO))).sampled_rows, null);
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

Deno.test("score-embeddings reads the CSV that pandas writes without its header, and says so", () =>
  inFolder(async (write) => {
    const path = write("two.csv", TWO);
    Deno.writeTextFileSync(
      path,
      `${TWO[0].map((_, i) => i).join(",")}\n${TWO.map((row) => row.map((x) => x.toFixed(9)).join(",")).join("\n")}\n`,
    );
    const { code, out, err } = await polysem("score-embeddings", path, "--json");
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), await scored(write("two.npy", TWO)));
    assert.match(err, /two\.csv: line 1, 0,1.*, is taken for column names\n/);
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

Deno.test("score-embeddings takes a mean as one row, as a vector, or as the name of the embedder that has it", () =>
  inFolder(async (write) => {
    // two groups of four at a right angle, less a mean of zeros: two clusters, by the rule of a run
    const rows = [0, 1, 2, 3].map((i) => [1, i / 1000]).concat([0, 1, 2, 3].map((i) => [i / 1000, 1]));
    const file = write("rows.npy", rows);
    const vector = write("vector.npy", [[0, 0]]);
    Deno.writeFileSync(vector, encodeNpy({ shape: [2], data: Float64Array.of(0, 0) }));
    for (const mean of [write("row.npy", [[0, 0]]), vector]) {
      const result = await scored(file, "--mean", mean, "--beta", "0.1");
      assert.deepEqual([result.criterion, result.K], ["sse-penalty", 2], mean);
    }
    const two = write("two.npy", [[0, 0], [1, 1]]);
    await refused(/two\.npy has 2 rows; give one row of numbers/, file, "--mean", two);
    await refused(/has 512 numbers; give one for each of 2 columns/, file, "--mean", "resnet18-cifar10");
  }));
