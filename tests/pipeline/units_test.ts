import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { parseLayers, parseUnit, parseUnits, selectUnits } from "../../lib/pipeline/units.ts";
import type { LayerInfo, UnitId } from "../../lib/types.ts";

const LAYERS: LayerInfo[] = [
  { name: "conv1", positions: "grid", units: 6 },
  { name: "conv2", positions: "grid", units: 16 },
  { name: "fc1", positions: "none", units: 120 },
];
const written = (units: UnitId[]) => units.map(({ layer, unit }) => `${layer}:${unit}`).join(" ");

function refused(action: () => unknown, pattern: RegExp) {
  assert.throws(action, (error: Error) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, pattern);
    assert.ok(!error.message.includes("\n"));
    return true;
  });
}

Deno.test("parseUnit() reads one unit", () => {
  assert.deepEqual(parseUnit(" conv2:3 ", LAYERS), { layer: "conv2", unit: 3 });
  assert.deepEqual(parseUnit("conv2:15", LAYERS), { layer: "conv2", unit: 15 });
  refused(() => parseUnit("conv2:3-4", LAYERS), /several units/);
});

Deno.test("parseUnits() reads ranges and lists, in the order of the network, each unit once", () => {
  assert.equal(written(parseUnits("fc1:3,conv2:6-8", LAYERS)), "conv2:6 conv2:7 conv2:8 fc1:3");
  assert.equal(written(parseUnits("conv1:2, conv1:1-3,conv1:2", LAYERS)), "conv1:1 conv1:2 conv1:3");
});

Deno.test("parseUnits() refuses unknown layers and lists the known ones", () => {
  refused(() => parseUnits("conv9:0", LAYERS), /layer "conv9" is not in the model; its layers are conv1, conv2, fc1$/);
});

Deno.test("parseUnits() refuses units out of range and says the range", () => {
  refused(() => parseUnits("conv2:16", LAYERS), /conv2:16 is out of range; conv2 has 16 units, conv2:0 to conv2:15/);
  refused(() => parseUnits("conv2:3-99999999999999999999", LAYERS), /out of range/);
});

Deno.test("parseUnits() refuses malformed items", () => {
  for (
    const text of ["", ",", "conv2", "conv2:", ":3", "conv2:-1", "conv2:1.5", "conv2:a", "conv2:0-", "conv1:1,,fc1:2"]
  ) {
    refused(() => parseUnits(text, LAYERS), /malformed/);
  }
  refused(() => parseUnits("conv2:7-0", LAYERS), /counts down; write conv2:0-7/);
});

Deno.test("parseLayers() reads a list of layers", () => {
  assert.deepEqual(parseLayers("fc1, conv1,fc1", LAYERS), [LAYERS[0], LAYERS[2]]);
  refused(() => parseLayers("conv1,conv3", LAYERS), /layer "conv3" is not in the model/);
  refused(() => parseLayers("conv1,", LAYERS), /empty item/);
});

Deno.test("selectUnits() is every unit where nothing is chosen", () => {
  const units = selectUnits(LAYERS);
  assert.equal(units.length, 6 + 16 + 120);
  assert.deepEqual(units[0], { layer: "conv1", unit: 0 });
  assert.deepEqual(units.at(-1), { layer: "fc1", unit: 119 });
});

Deno.test("selectUnits() takes layers or units, and the first of them", () => {
  assert.equal(selectUnits(LAYERS, { layers: "conv2,conv1" }).length, 22);
  assert.equal(written(selectUnits(LAYERS, { units: "fc1:0-9", limit: 2 })), "fc1:0 fc1:1");
  assert.equal(selectUnits(LAYERS, { limit: 1000 }).length, 142);
  refused(() => selectUnits(LAYERS, { layers: "conv1", units: "fc1:0" }), /one of the two/);
  for (const limit of [0, -1, 1.5, NaN]) refused(() => selectUnits(LAYERS, { limit }), /limit is .*an integer from 1/);
});

Deno.test("selectUnits() draws units of each layer by the seed, in the order of the network", () => {
  const units = selectUnits(LAYERS, { sample: 8, seed: 5 });
  const of = (layer: string) => units.filter((each) => each.layer === layer).map(({ unit }) => unit);
  assert.equal(units.length, 6 + 8 + 8, "all of a layer that has no more");
  assert.deepEqual(of("conv1"), [0, 1, 2, 3, 4, 5]);
  for (const [layer, count] of [["conv2", 16], ["fc1", 120]] as const) {
    const drawn = of(layer);
    assert.equal(new Set(drawn).size, 8, "each once");
    assert.ok(drawn.every((unit) => unit >= 0 && unit < count));
    assert.deepEqual(drawn, drawn.toSorted((a, b) => a - b));
  }
  assert.deepEqual([...new Set(units.map(({ layer }) => layer))], ["conv1", "conv2", "fc1"]);
  assert.deepEqual(selectUnits(LAYERS, { sample: 8, seed: 5 }), units, "the same seed, the same units");
  assert.notDeepEqual(selectUnits(LAYERS, { sample: 8, seed: 6 }), units);
  assert.deepEqual(selectUnits(LAYERS, { sample: 8 }), selectUnits(LAYERS, { sample: 8, seed: 0 }));
});

Deno.test("a layer's sample hangs neither on the other layers nor on how many units are drawn", () => {
  const fc1 = selectUnits(LAYERS, { sample: 8, seed: 5 }).filter(({ layer }) => layer === "fc1");
  assert.deepEqual(selectUnits(LAYERS, { layers: "fc1", sample: 8, seed: 5 }), fc1);
  const more = new Set(written(selectUnits(LAYERS, { layers: "fc1", sample: 20, seed: 5 })).split(" "));
  for (const unit of written(fc1).split(" ")) assert.ok(more.has(unit), `${unit} is in the larger sample`);
});

Deno.test("a sample takes every unit equally often", () => {
  const counts = new Array<number>(16).fill(0);
  const draws = 2000;
  for (let seed = 0; seed < draws; seed++) {
    for (const { unit } of selectUnits(LAYERS, { layers: "conv2", sample: 4, seed })) counts[unit]++;
  }
  // a share of 4 / 16 with a standard error of sqrt(.25 * .75 / 2000) = .0097
  counts.forEach((count, unit) => assert.ok(Math.abs(count / draws - 0.25) < 0.045, `${unit}: ${count}`));
});

Deno.test("a sample goes with layers, and neither with units nor with a limit", () => {
  refused(() => selectUnits(LAYERS, { sample: 2, units: "fc1:0-9" }), /both a sample and units.*one of the two/);
  refused(() => selectUnits(LAYERS, { sample: 2, limit: 2 }), /both a sample and a limit.*one of the two/);
  for (const sample of [0, -1, 1.5, NaN]) {
    refused(() => selectUnits(LAYERS, { sample }), /sample is .*an integer from 1/);
  }
});

Deno.test("a layer may be asked for by another name, or by the end of its path where that is no other layer's", () => {
  const layers: LayerInfo[] = [
    { name: "layer1.0.bn1", positions: "grid", units: 4, aliases: ["layer1.0.conv1"] },
    { name: "layer1.0.conv2", positions: "grid", units: 4 },
    { name: "layer2.0.conv2", positions: "grid", units: 4 },
    { name: "conv2", positions: "grid", units: 4 },
    { name: "head.fc", positions: "none", units: 10 },
  ];
  assert.deepEqual(parseUnit("layer1.0.conv1:3", layers), { layer: "layer1.0.bn1", unit: 3 });
  assert.deepEqual(parseUnit("fc:9", layers), { layer: "head.fc", unit: 9 });
  assert.deepEqual(parseUnit("conv2:0", layers), { layer: "conv2", unit: 0 }, "a whole name is its layer's");
  refused(
    () => parseUnit("0.conv2:0", layers),
    /layer "0.conv2" may be layer1.0.conv2, layer2.0.conv2; write the whole name/,
  );
  const many = Array.from({ length: 50 }, (_, i): LayerInfo => ({ name: `c${i}`, positions: "grid", units: 1 }));
  refused(() => parseUnit("d:0", many), /its layers are c0, .*, c19 and 30 more \(`polysem layers`\)$/);
});
