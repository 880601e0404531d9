import assert from "node:assert/strict";
import { join } from "node:path";
import {
  correlateSelectivity,
  type ProbedUnit,
  readCorrelations,
  spearmanWithin,
} from "../../../lib/validate/correlate_selectivity.ts";
import { registerProbe } from "../../../lib/cli/commands/probe.ts";
import { useBackend } from "../../../lib/engine/mod.ts";
import { readPng } from "../../../lib/images/png.ts";
import { sha256OfFile } from "../../../lib/weights/load_weights.ts";
import { CALIBRATED } from "../../../lib/pipeline/mod.ts";
import { createRandom } from "../../../lib/random.ts";
import { openRun } from "../../../lib/store/mod.ts";
import type { RunManifest } from "../../../lib/types.ts";
import { permutationPValue, spearman } from "../../../lib/statistics/ranks.ts";
import { deadRecord, MANIFEST, record } from "../../store/example_run.ts";
import { inFolder, refused, weightsOf } from "../refused.ts";
import { withToy } from "../toy_command.ts";

const OURS: RunManifest = {
  ...MANIFEST,
  profile: { ...CALIBRATED },
  modelSha256: await sha256OfFile(weightsOf("lenet5-cifar10")),
  jobs: [{ layer: "conv1", units: [0, 1, 2, 3] }, { layer: "fc3", units: [0, 1, 2] }],
};

function makeRun(directory: string, changes: Partial<RunManifest> = {}): string {
  using run = openRun(directory, { ...OURS, ...changes });
  const scored = (layer: string, unit: number, S: number) => {
    const made = record(layer, unit);
    return { ...made, score: { ...made.score!, S } };
  };
  run.commitJob(
    0,
    [scored("conv1", 0, 0.1), deadRecord("conv1", 1), scored("conv1", 2, 0.2), scored("conv1", 3, 0)],
    1,
  );
  run.commitJob(1, [scored("fc3", 0, 0.3), scored("fc3", 1, 0.5), scored("fc3", 2, 0.4)], 1);
  return directory;
}

const probe = (...args: string[]) => withToy(registerProbe, ["probe", "--quiet", ...args]);
const FEW = ["--latents", "2", "--shapes", "disk, half-left", "--seed", "1"];

Deno.test("probe writes every unit's shares, correlations and figures, and gives the same bytes again", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"));
    const { out } = await probe(run, ...FEW, "--json");
    const result = JSON.parse(out);
    assert.deepEqual(
      [result.run, result.model, result.generator, result.images, result.latents, result.seed],
      ["run", "lenet5-cifar10", "toy", 10 * 4 * 2, 2, 1],
    );
    assert.deepEqual(result.masks, [
      "disk upper left",
      "disk lower right",
      "half-left upper left",
      "half-left lower right",
    ]);
    assert.equal(result.units.length, 7);
    for (const unit of result.units) {
      const { label_share, mask_share, interaction_share, rest_share } = unit;
      for (const share of [label_share, mask_share, interaction_share, rest_share]) assert.ok(share >= 0 && share <= 1);
      assert.ok(Math.abs(label_share + mask_share + interaction_share + rest_share - 1) < 1e-9);
      assert.ok(unit.label_omega <= label_share && unit.mask_omega <= mask_share);
      assert.deepEqual([unit.labels, unit.shapes], [unit.driving_labels.length, unit.driving_shapes.length]);
    }
    const dead = result.units[1]; // images move a unit whose ascent did not
    assert.deepEqual([dead.layer, dead.unit, dead.S, dead.S_paper, dead.label_share > 0], [
      "conv1",
      1,
      null,
      null,
      true,
    ]);
    assert.equal(result.units[5].S, 0.5);

    const csv = Deno.readTextFileSync(join(run, "probe.csv")).trimEnd().split("\n");
    assert.equal(
      csv[0],
      "layer,unit,S,S_paper,mean_activation,label_share,mask_share,interaction_share,rest_share,label_omega,mask_omega," +
        "interaction_omega,labels,shapes,driving_labels,driving_shapes",
    );
    assert.deepEqual(csv.slice(1).map((line) => line.split(",").slice(0, 4).join()), [
      "conv1,0,0.1,0",
      "conv1,1,,",
      "conv1,2,0.2,0",
      "conv1,3,0,0",
      "fc3,0,0.3,0",
      "fc3,1,0.5,0",
      "fc3,2,0.4,0",
    ]);
    const { units: stored, ...rest } = JSON.parse(Deno.readTextFileSync(join(run, "probe.json")));
    const { units: _, ...printed } = result;
    assert.deepEqual(rest, printed);
    assert.equal(stored[6].cell_means.length, 40);
    const mean = stored[6].cell_means.reduce((sum: number, value: number) => sum + value) / 40;
    assert.ok(Math.abs(mean - stored[6].mean_activation) < 1e-9);

    assert.equal(result.correlations.length, 2 * 4 * 2);
    const literal = result.correlations.filter(({ score }: { score: string }) => score === "S_paper");
    assert.ok(literal.every(({ rho, p }: { rho: null; p: null }) => rho === null && p === null)); // 0 for all
    const within = result.correlations.find((each: { score: string; scope: string; selectivity: string }) =>
      each.score === "S" && each.scope === "within layers" && each.selectivity === "label_share"
    );
    assert.equal(within.units, 6);
    assert.ok(Math.abs(within.rho) <= 1 && within.p > 0 && within.p <= 1);

    const svg = Deno.readTextFileSync(join(run, "figures", "probe.svg"));
    assert.match(svg, /^<svg role="img" aria-label="What drives units, and their score S/);
    assert.match(svg, /generator toy · 80 images · run run/);
    const grid = await readPng(join(run, "figures", "probe_grid.png"));
    assert.ok(grid.width > 1000 && grid.height > 1000);

    const files = ["probe.csv", "probe.json", "figures/probe.svg", "figures/probe_grid.png"];
    const bytes = () => files.map((file) => Deno.readFileSync(join(run, file)));
    const first = bytes();
    const again = await probe(run, ...FEW);
    assert.deepEqual(bytes(), first);
    assert.match(again.out, /7 units and 80 images of toy: 10 labels, 4 masks, 2 of each/);
    assert.match(again.out, /│ conv1 │ +4 │ +0\.\d\d │/);
    assert.match(again.out, /│ label_share │ S_paper │ +- │ - +│ +- │/);
    assert.match(again.out, /S is above 0 for 5 of 6 units/);
  }));

Deno.test("probe refuses a run of other weights, one of nothing, and wrong shapes and numbers", () =>
  inFolder(async (folder) => {
    await useBackend();
    const run = makeRun(join(folder, "run"));
    const other = makeRun(join(folder, "other"), { modelSha256: "a".repeat(64) });
    await refused(/made with another model lenet5-cifar10 \(sha256 aaaaaaaaaaaa.*give --model-weights/, "probe", other);
    await refused(/there is no model "resnet"/, "probe", makeRun(join(folder, "unknown"), { model: "resnet" }));
    const empty = join(folder, "empty");
    openRun(empty, OURS).close();
    await refused(/has no finished units; let score-all commit some first/, "probe", empty);
    await refused(/there is no run in/, "probe", join(folder, "nothing"));
    await refused(/a probe of 1 shape compares nothing/, "probe", run, "--shapes", "disk");
    await refused(/there is no shape "blob"; choose one of disk, /, "probe", run, "--shapes", "disk,blob");
    await refused(/"ring" is named twice/, "probe", run, "--shapes", "ring,ring");
    for (const latents of ["0", "1", "501", "few"]) {
      await refused(/'--latents <n>' .*Give an integer from 2 to 500\./, "probe", run, "--latents", latents);
    }
    await refused(/nowhere\.safetensors/, "probe", run, "--weights", join(folder, "nowhere.safetensors"));
    assert.equal([...Deno.readDirSync(run)].some(({ name }) => name.startsWith("probe")), false);
  }));

function units(rows: readonly (readonly [string, number | null, number | null])[]): ProbedUnit[] {
  return rows.map(([layer, S, share], unit) => ({
    layer,
    unit,
    S,
    S_paper: 0,
    label_share: share,
    mask_share: 0.5,
    labels: unit % 2,
    shapes: 0,
  }));
}

const random = (...parts: string[]) => createRandom(0, ...parts);

Deno.test("spearmanWithin() is free of what differs between layers", () => {
  const layers = ["a", "a", "a", "b", "b", "b"];
  // within each layer the ranks are reversed, while b lies above a in both
  assert.equal(spearmanWithin([1, 2, 3, 11, 12, 13], [6, 5, 4, 16, 15, 14], layers), -1);
  // ranks less their mean -1 0 1 beside -1 1 0 and -1 0 1: (1 + 2) / 9 over sqrt(4 / 9 * 4 / 9)
  assert.equal(spearmanWithin([1, 2, 3, 1, 2, 3], [1, 3, 2, 7, 8, 9], layers), 3 / 4);
  // a layer where one is the same for all counts nothing; ties elsewhere: -.5 -.5 1 beside -1 0 1 is 1.5 / sqrt(1.5 * 2)
  assert.ok(Math.abs(spearmanWithin([0, 0, 0, 4, 4, 5], [1, 2, 3, 1, 2, 3], layers)! - Math.sqrt(3) / 2) < 1e-12);
  assert.equal(spearmanWithin([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6], layers), null);
});

Deno.test("correlateSelectivity() tells what holds over all units from what holds within layers", () => {
  const rows = units([
    ...Array.from({ length: 6 }, (_, i) => ["conv1", 0.1 + 0.01 * i, 0.2 - 0.01 * i] as const),
    ...Array.from({ length: 6 }, (_, i) => ["fc1", 0.5 + 0.01 * i, 0.7 - 0.01 * i] as const),
    ["fc1", null, 0.9],
    ["fc1", 0.5, null],
    ["fc2", 0, 0.4], // alone in its layer
  ]);
  const found = correlateSelectivity(rows, random, { resamples: 200, permutations: 500 });
  const of = (selectivity: string, scope: string) =>
    found.find((each) => each.score === "S" && each.selectivity === selectivity && each.scope === scope)!;
  const within = of("label_share", "within layers");
  assert.deepEqual([within.units, within.rho, within.high], [12, -1, -1]);
  assert.equal(within.p, 1 / 501); // 1 of 720^2 orders is as extreme, and its mirror image
  const all = of("label_share", "all");
  // 13 units: fc2 has S rank 1 and share rank 7, conv1 2 .. 7 and 6 .. 1, fc1 8 .. 13 and 13 .. 8. Squared differences:
  // 36; 16 4 0 4 16 36; 25 9 1 1 9 25: sum 182; 1 - 6 * 182 / (13 * 168) = .5
  assert.deepEqual([all.units, Math.round(all.rho! * 1e12) / 1e12], [13, 0.5]);
  assert.ok(all.p! > 0.02 && all.p! < 0.3); // about .08 by Student's approximation
  assert.deepEqual([of("mask_share", "all").rho, of("mask_share", "all").p], [null, null]); // the same for all
  assert.equal(of("shapes", "within layers").units, 0);
  assert.deepEqual(found, correlateSelectivity(rows, random, { resamples: 200, permutations: 500 }));
});

Deno.test("correlateSelectivity() over all units is Spearman's correlation with its p-value by permutation", () => {
  const noise = createRandom(9, "noise");
  const rows = units(
    Array.from({ length: 15 }, (_, i) => ["a", Math.round(4 * noise.uniform()), noise.uniform() + i / 20]),
  );
  const found = correlateSelectivity(rows, random, { resamples: 1, permutations: 4000 });
  const [all, within] = found; // of S and the label's share; one layer is all
  const [x, y] = [rows.map(({ S }) => S!), rows.map(({ label_share }) => label_share!)];
  assert.ok(Math.abs(all.rho! - spearman(x, y)!) < 1e-12);
  assert.equal(all.rho, within.rho);
  const p = permutationPValue(x, y, spearman, createRandom(1), 4000)!;
  assert.ok(Math.abs(all.p! - p) < 4 * Math.sqrt(2 * p * (1 - p) / 4000), `${all.p} and ${p}`);
});

Deno.test("correlateSelectivity() gives small p-values to chance as often as they say", () => {
  let small = 0;
  for (let repeat = 0; repeat < 200; repeat++) {
    const noise = createRandom(repeat, "noise");
    const rows = units(
      Array.from({ length: 20 }, (_, i) => [i < 8 ? "conv1" : "fc1", noise.uniform(), noise.uniform()]),
    );
    const correlations = correlateSelectivity(rows, (...parts) => createRandom(repeat, ...parts), {
      resamples: 1,
      permutations: 99,
    });
    const within = correlations.find(({ selectivity, scope }) => selectivity === "label_share" && scope !== "all")!;
    if (within.p! <= 0.1) small++;
  }
  assert.ok(small >= 8 && small <= 34, `${small} of 200`); // 20 expected, three standard deviations of 4.2
});

Deno.test("readCorrelations() says what is shown, what is not, and what cannot be", () => {
  const strong = units(
    Array.from({ length: 24 }, (_, i) => [i < 12 ? "a" : "b", 0.01 * (i % 12), 0.02 * (i % 12)] as const),
  );
  const [count, shown] = readCorrelations(strong, correlateSelectivity(strong, random, { resamples: 99 }), "S");
  assert.equal(count, "S is above 0 for 22 of 24 units; all others are tied at 0.");
  assert.match(
    shown,
    /^Within layers, S goes with: label's share of variance \(rho 1\.00 \[1\.00, 1\.00\], p 0\.0005\)/,
  );
  const noise = createRandom(4, "noise");
  const weak = units(Array.from({ length: 24 }, (_, i) => ["a", i < 12 ? 0 : 0.5, noise.uniform()] as const));
  const correlations = correlateSelectivity(weak, random, { resamples: 99, permutations: 99 });
  const none = readCorrelations(weak, correlations, "S")[1];
  assert.match(none, /no association of S with any of 2 selectivities is shown .* not evidence that there is none/);
  const literal = readCorrelations(weak, correlations, "S_paper");
  assert.match(literal[0], /^The literal S is above 0 for 0 of 24 units/);
  assert.match(literal[1], /nothing can be said of the literal S/);
});
