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
