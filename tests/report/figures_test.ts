import assert from "node:assert/strict";
import { drawFigures, FIGURE_NAMES } from "../../lib/report/figures.ts";
import type { FigureOptions } from "../../lib/report/figures.ts";
import { renderPng, renderSvg } from "../../lib/report/render.ts";
import type { RunData } from "../../lib/run_data.ts";
import { ODD_NAMES } from "../odd_names.ts";
import { parsedCsv } from "../parsed_csv.ts";
import { deadUnit, madeUpRun, unitOf, UNITS } from "./made_up_run.ts";

/** The text of a figure's SVG, and its CSV. */
async function drawn(
  run: RunData,
  name: string,
  options: FigureOptions = {},
): Promise<{ text: string; csv: string[] }> {
  const [figure] = drawFigures(run, { ...options, only: (each) => each === name });
  const svg = await renderSvg(figure.spec);
  const text = [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)/g)].map(([, words]) => words).join(" | ");
  return { text, csv: figure.csv.trimEnd().split("\n") };
}

async function all(run: RunData): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const name of FIGURE_NAMES) texts.set(name, (await drawn(run, name)).text);
  return texts;
}

Deno.test("drawFigures() gives the eight figures in order, each saying what it was made of", async () => {
  const run = madeUpRun();
  assert.deepEqual([...drawFigures(run)].map(({ name }) => name), [
    "1_pipeline",
    "2_visualizations",
    "3_elbow",
    "4_embedding_map",
    "5_criterion_by_k",
    "6_score_by_layer",
    "7_dataset_check",
    "8_two_stops",
  ]);
  for (const [name, text] of await all(run)) {
    assert.match(
      text,
      /model lenet5-cifar10 · profile calibrated · embedder resnet18-cifar10 · LPIPS alex · seed 0 · run made-up/,
      name,
    );
    assert.doesNotMatch(text, /Partial|undefined|NaN|Infinity|\[object/, name);
  }
});

Deno.test("drawFigures() says in every figure that a run is partial", async () => {
  const run = madeUpRun(UNITS, {
    layers: [{ name: "conv1", planned: 6, seconds: 1 }, { name: "fc1", planned: 120, seconds: 1 }],
  });
  for (const [name, text] of await all(run)) assert.match(text, /Partial run: 7 of 126 units\./, name);
});

Deno.test("drawFigures() of a run of dead units alone says so eight times and fails at none", async () => {
  for (const [name, text] of await all(madeUpRun([deadUnit("conv1", 0), deadUnit("conv1", 1)]))) {
    assert.match(text, /No unit of this run has a score/, name);
  }
});

Deno.test("drawFigures() counts dead units where they are missing", async () => {
  assert.match(
    (await drawn(madeUpRun(), "6_score_by_layer")).text,
    /Without a score \(dead, no gradient\): 1 of 7 units\./,
  );
});

Deno.test("figures of S draw a unit's interval through its point, and say what it is; nothing of it where none is known", async () => {
  const interval = { low: 0.3, high: 0.6 };
  const run = madeUpRun([unitOf("fc1", 1, 3, { scoreInterval: interval }), unitOf("fc1", 2, 2)]);
  const { text, csv } = await drawn(run, "6_score_by_layer");
  assert.match(text, /Thin lines: 90 % interval of S/);
  assert.equal(csv[0], "layer,unit,I,K,C,D,S,S_low,S_high,K1_share,K2_share,K3_share");
  assert.match(csv[1], /^fc1,1,6,3,.*,0\.3,0\.6,,,$/);
  assert.match(csv[2], /^fc1,2,6,2,.*,,,,,$/);
  const lines = async (run: RunData, name: string, options: FigureOptions = {}) => {
    const [{ spec }] = drawFigures(run, { ...options, only: (each) => each === name });
    return [...(await renderSvg(spec)).matchAll(/<line [^>]*stroke-width="0\.7"[^>]*>/g)].map(([line]) => line);
  };
  assert.equal((await lines(run, "6_score_by_layer")).length, 1);
  const without = madeUpRun([unitOf("fc1", 1, 3)]);
  assert.doesNotMatch((await drawn(without, "6_score_by_layer")).text, /interval/);
  assert.equal((await lines(without, "6_score_by_layer")).length, 0);
  // on the panel of 278 px for -0.02 to 1.02, .3 to .6 are 80 px: down in the run itself, across for the one compared with
  const [down, ...others] = await lines(run, "8_two_stops");
  assert.deepEqual(others, []);
  assert.match(down, /x2="0" y2="-?80\.19/);
  const [across, ...more] = await lines(without, "8_two_stops", { compare: run });
  assert.deepEqual(more, []);
  assert.match(across, /x2="-?80\.19\d*" y2="0"/);
});

Deno.test("the figure of S shows how sure K is as columns of units, by halves and by fresh images where they are known", async () => {
  const kShares = { K1: 0.25, K2: 0.75, K3: 0 };
  const freshShares = { sets: 2, K1: 0, K2: 0.5, K3: 0.5 };
  const columns = async (run: RunData) => {
    const [{ spec }] = drawFigures(run, { only: (each) => each === "6_score_by_layer" });
    const svg = await renderSvg(spec);
    const rectangle = /<path[^>]* d="M[-\d.]+,[-\d.]+h([-\d.]+)v([-\d.]+)h[^"]*" fill="(#56B4E9|#0072B2|#D55E00)"/g;
    return [...svg.matchAll(rectangle)].map(([, width, height, fill]) => [fill, Number(width), Number(height)] as const)
      .filter(([, width]) => width > 20); // without the points that are squares
  };
  const units = [unitOf("fc1", 1, 2, { kShares }), unitOf("fc1", 2, 1, { kShares: { K1: 1, K2: 0, K3: 0 } })];
  const run = madeUpRun(units);
  const { text, csv } = await drawn(run, "6_score_by_layer");
  assert.match(text, /how sure K is: each unit a column, random halves of its images by their K/);
  assert.doesNotMatch(text, /fresh/);
  assert.match(csv[1], /^fc1,1,.*,0\.25,0\.75,0$/);
  // the panel is 642 px wide for one layer from -.5 to .5, of which units have .84: a column is 269.64 px; it is 110 px high
  const seen = await columns(run);
  assert.deepEqual(seen.map(([fill]) => fill).sort(), ["#0072B2", "#56B4E9", "#56B4E9"]);
  for (const [, width] of seen) assert.ok(Math.abs(width - 642 * 0.42) < 0.01, `${width}`);
  const heights = seen.map(([, , height]) => Math.round(Math.abs(height) * 100) / 100).sort((a, b) => a - b);
  assert.deepEqual(heights, [27.5, 82.5, 110]);

  const fresh = madeUpRun([{ ...units[0], freshShares } as typeof units[0], units[1]]);
  const both = await drawn(fresh, "6_score_by_layer");
  assert.match(both.text, /each unit a column, fresh sets of images by their K/);
  assert.match(both.csv[0], /,K3_share,fresh_sets,fresh_K1_share,fresh_K2_share,fresh_K3_share$/);
  assert.match(both.csv[1], /,2,0,0\.5,0\.5$/);
  assert.match(both.csv[2], /,,,,$/);
  assert.equal((await columns(fresh)).length, 5); // two more, half and half; the second unit has none

  const without = await drawn(madeUpRun(), "6_score_by_layer");
  assert.doesNotMatch(without.text, /how sure/);
});

Deno.test("the figure of S joins units of equal shares", () => {
  const kShares = { K1: 1, K2: 0, K3: 0 };
  const many = Array.from({ length: 500 }, (_, i) => unitOf("fc1", i, 1, { kShares }));
  const [{ spec }] = drawFigures(madeUpRun(many), { only: (each) => each === "6_score_by_layer" });
  const { vconcat } = spec as unknown as { vconcat: { layer: { data: { values: unknown[] } }[] }[] };
  assert.equal(vconcat[1].layer[0].data.values.length, 1);
});

Deno.test("drawFigures() shows markup in names as text", async () => {
  const name = `<img src=x onerror=alert(1)>`;
  for (const { spec } of drawFigures(madeUpRun([unitOf("<b>conv</b>", 0, 1), unitOf("<b>conv</b>", 1, 3)], { name }))) {
    const svg = await renderSvg(spec);
    assert.ok(!/<img|<b>/.test(svg) && svg.includes("&lt;img"));
  }
});

Deno.test("drawFigures() takes any text for the name of a layer, in pictures and tables", async () => {
  for (const name of ODD_NAMES) {
    const run = madeUpRun([unitOf(name, 0, 1), unitOf(name, 1, 3), unitOf("other", 0, 2)]);
    // deno-lint-ignore no-control-regex -- XML has no control characters
    const end = name.replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, "\ufffd").slice(-12).trim(); // a long name is cut off at its start
    for (const { name: figure, spec, csv } of drawFigures(run)) {
      const svg = await renderSvg(spec);
      await renderPng(svg, 0.1); // reads it as XML, strictly
      const text = [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]*)/g)].map(([, words]) => words).join("\n")
        .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
      assert.ok(text.includes(end), `${figure} without ${end}`);
      const [head, ...rows] = parsedCsv(csv);
      if (head.includes("layer")) {
        const layers = new Set(rows.map((row) => row[head.indexOf("layer")]));
        assert.ok(layers.has(name), `${figure}.csv without ${name}`);
        layers.delete("other");
        assert.equal(layers.size, 1, figure);
      }
    }
  }
});

Deno.test("long names of layers do not widen a figure's panels, and show their end", async () => {
  const figuresOf = async (names: readonly string[]) => {
    const run = madeUpRun(names.flatMap((name) => [unitOf(name, 0, 1), unitOf(name, 1, 3)]));
    const panels = /^[357]_/; // panels side by side
    const svgs = [...drawFigures(run, { only: (name) => panels.test(name) })].map(({ spec }) => renderSvg(spec));
    return await Promise.all(svgs);
  };
  const short = await figuresOf(["conv1", "conv2", "conv3", "conv4"]);
  const long = await figuresOf([1, 2, 3, 4].map((i) => `/layer${i}/layer${i}.0/downsample/downsample.0/Conv`));
  const width = (svg: string) => Number(/ width="([\d.]+)"/.exec(svg)![1]);
  long.forEach((svg, i) => {
    assert.ok(Math.abs(width(svg) - width(short[i])) < 10, `${width(svg)} instead of ${width(short[i])}`);
    assert.match(svg, />…[^<]*sample\.0\/Conv/);
  });
});

Deno.test("the block diagram takes the unit that is asked for, by default one of three to five clusters", async () => {
  const run = madeUpRun();
  assert.match(
    (await drawn(run, "1_pipeline")).text,
    /Visualize fc1:1 .*5 {1,2}Cluster: K = 3 .*C = \(K − 1\) \/ \(I − 1\) = 2 \/ 5 = 0\.400/,
  );
  const { text, csv } = await drawn(run, "1_pipeline", { unit: { layer: "conv1", unit: 0 } });
  assert.match(text, /Visualize conv1:0 .*D = 0: there is no pair of centres .*S = C \+ D − C D = 0\.000/);
  assert.equal(csv[0], "step,quantity,index,value");
  assert.ok(csv.includes("stop,I,,6") && csv.includes("stop,I literal,,4") && csv.includes("score,S,,0"));
  assert.match(
    (await drawn(run, "1_pipeline", { unit: { layer: "conv1", unit: 2 } })).text,
    /conv1:2 has no score: it is dead/,
  );
  assert.throws(() => [...drawFigures(run, { unit: { layer: "conv1", unit: 9 } })], RangeError);
});

Deno.test("the sheet takes the best image of each cluster in turn", async () => {
  const { csv } = await drawn(madeUpRun([unitOf("fc1", 1, 3)]), "2_visualizations");
  // clusters of images {0, 3}, {1, 4}, {2, 5}; activations rise with the image
  assert.deepEqual(csv.slice(1).map((line) => line.split(",")[5]), ["3", "4", "5", "0"]);
});

Deno.test("the elbow's data mark both stops on each curve", async () => {
  const { csv, text } = await drawn(madeUpRun([unitOf("fc1", 0, 1)]), "3_elbow");
  assert.equal(csv[0], "layer,unit,I,mean_distance,change,own_stop,literal_stop");
  assert.equal(csv[1], "fc1,0,2,0.2,,false,false");
  assert.deepEqual(csv.filter((line) => line.endsWith(",true")).map((line) => line.split(",")[2]), ["4"]);
  assert.deepEqual(csv.filter((line) => line.includes(",true,")).map((line) => line.split(",")[2]), ["6"]);
  assert.match(
    text,
    /literal stop \(dashed line: its threshold, 0\.02\) \| calibrated stop \(solid line: its threshold, 0\.005\)/,
  );
});

Deno.test("the embedding map shows a unit of one cluster and one of several, and says when there is none", async () => {
  assert.match((await drawn(madeUpRun(), "4_embedding_map")).text, /fc1:0: I = 6, K = 1.*fc1:1: I = 6, K = 3/);
  const without = await drawn(madeUpRun([unitOf("fc1", 0, 1), unitOf("fc1", 1, 2)]), "4_embedding_map");
  assert.match(without.text, /No unit of this run has K ≥ 3\./);
  assert.match(without.text, /fc1:0: I = 6, K = 1/);
  const neither = await drawn(madeUpRun([unitOf("fc1", 1, 2)]), "4_embedding_map");
  assert.match(neither.text, /No unit of this run has K = 1, and none K ≥ 3\./);
});

Deno.test("the embedding map's title counts the units that it shows", async () => {
  const panels = async (...Ks: number[]) => {
    const { text } = await drawn(madeUpRun(Ks.map((K, unit) => unitOf("fc1", unit, K))), "4_embedding_map");
    return [/images of (\w+ units?) lie/.exec(text)?.[1], ...text.match(/I = 6, K = \d/g) ?? []];
  };
  assert.deepEqual(await panels(1, 2), ["two units", "I = 6, K = 1", "I = 6, K = 2"]);
  assert.deepEqual(await panels(2, 1, 3), ["two units", "I = 6, K = 1", "I = 6, K = 3"]);
  assert.deepEqual(await panels(1, 1), ["a unit", "I = 6, K = 1"]);
  assert.deepEqual(await panels(2, 2), ["a unit", "I = 6, K = 2"]);
});

Deno.test("criteria that have no finite value are left out of the chart", async () => {
  const unit = unitOf("fc1", 0, 1);
  const candidates = [{ k: 1, criterion: NaN, inertia: 1 }, { k: 2, criterion: -Infinity, inertia: 0 }];
  const run = madeUpRun([{ ...unit, paper: { ...unit.paper!, candidates } }]);
  const { text, csv } = await drawn(run, "5_criterion_by_k");
  assert.doesNotMatch(text, /NaN|Infinity/);
  assert.ok(csv.includes("fc1,0,literal,4,2,1,,1") && csv.includes("fc1,0,literal,4,2,2,,0"));
});

Deno.test("the check of section 3 counts the images of the score alone", async () => {
  const { csv, text } = await drawn(madeUpRun(), "7_dataset_check");
  // unit 1: activations 4, 4.25, ... of eight; the score counts six, up to 5.25; the dataset's best is 3
  assert.ok(csv.includes("conv1,1,5.25,4,3,true"));
  assert.match(text, /exceeds the best of the 10,000 test images for 6 of 6 units/);
});

Deno.test("the check of section 3 of a run without a dataset says that there is none", async () => {
  const run = madeUpRun(UNITS.map((unit) => ({ ...unit, datasetMax: null, datasetBest: [] })), { dataset: null });
  const { text, csv } = await drawn({ ...run, manifest: { ...run.manifest, dataset: null } }, "7_dataset_check");
  assert.match(text, /made without a dataset/);
  assert.equal(csv.length, 1);
});

Deno.test("the last figure compares with the literal columns, or with another run", async () => {
  const run = madeUpRun();
  // fc1:1: I = 6, K = 3, D = 0.15, so C = 2/5 and S = 0.4 + 0.15 - 0.06; literal: I = 4, K = 3, D = 1/4, C = 2/3, S = 3/4
  const own = (await drawn(run, "8_two_stops")).csv.find((line) => line.startsWith("fc1,1,"))!.split(",").map(Number);
  assert.ok(Math.abs(own[2] - 0.75) < 1e-12 && Math.abs(own[3] - 0.49) < 1e-12);
  const compare = madeUpRun([unitOf("fc1", 1, 1)], { name: "other" });
  const { text, csv } = await drawn(run, "8_two_stops", { compare });
  assert.deepEqual([csv[0], csv.length], ["layer,unit,S_compared,S", 2]);
  assert.match(text, /S, compared run other \(calibrated\).*1 unit that both runs have a score of/);
  const apart = await drawn(run, "8_two_stops", { compare: madeUpRun([unitOf("fc9", 0, 1)]) });
  assert.match(apart.text, /no scored unit in common/);
});
