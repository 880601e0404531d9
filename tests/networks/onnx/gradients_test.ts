/**
 * Every operator's gradient beside a difference quotient, on the inputs of ONNX's conformance cases: along a random
 * direction, what the gradient says is what the function does.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { dataOf, tf, useBackend } from "../../../lib/engine/mod.ts";
import { messageOf } from "../../../lib/errors.ts";
import type { Graph } from "../../../lib/networks/onnx/graph.ts";
import { findOperator } from "../../../lib/networks/onnx/operators/table.ts";
import type { OnnxArray } from "../../../lib/networks/onnx/reading/arrays.ts";
import { readOnnx } from "../../../lib/networks/onnx/reading/read_onnx.ts";
import { GraphRunner } from "../../../lib/networks/onnx/run_graph.ts";
import { Value } from "../../../lib/networks/onnx/value.ts";
import { conformanceCases, KNOWN_INPUTS } from "./conformance_cases.ts";
import { readArray } from "./read_values.ts";

await useBackend();
const CASES = await conformanceCases();
const ignore = CASES === null;
const note = ignore ? " (skipped: needs the onnx 1.22.0 wheel; run with Python, pip and a network)" : "";

/** Half the distance of the difference quotient's points, and what it may be off by, relative to 1 or itself. */
const STEP = 2e-3;
const TOLERANCE = 0.03;
/** Cases whose gradients are found right: the number when this was written. */
const KNOWN_RIGHT = 500;

/** Cases at whose inputs there is no derivative, or where float32 cannot tell it: by name, and why. */
const WITHOUT: Readonly<Record<string, string>> = {
  test_acosh_example: "the edge of its domain",
  test_elu_example: "a kink at 0",
  test_floor_example: "a step",
  test_hardmax_one_hot: "a step",
  test_l1normalization_axis_last: "a kink at 0",
  test_l2normalization_axis_0: "a jump at 0",
  test_leakyrelu_example: "a kink at 0",
  test_logsoftmax_large_number: "entries of 10,000",
  test_onehot_with_axis: "a step",
  test_onehot_with_negative_axis: "a step",
  test_pow: "a negative base on one side",
  test_reduce_min_default_axes_keepdims_example: "a kink between equal entries",
  test_round: "a step",
  test_scatternd_max: "a kink between equal entries",
  test_scatternd_min: "a kink between equal entries",
  test_selu_example: "a kink at 0",
  test_sign: "a step",
  test_thresholdedrelu_example: "a step",
};

/** Casts of numbers that are none. */
const OF_NO_NUMBERS = /^test_cast/;

/** A weighted sum of a graph's first output, as a function of its first input. */
function functionOf(graph: Graph, runner: GraphRunner, arrays: readonly OnnxArray[]): (x: tf.Tensor) => tf.Scalar {
  const known = KNOWN_INPUTS[graph.nodes[0].operator] ?? [];
  return (x) =>
    tf.tidy(() => {
      const feeds = new Map(arrays.map((array, i) => {
        const value = i === 0 ? new Value(x) : Value.from(array);
        value.known = i > 0 && (array.kind !== "float" || known.includes(i)) ? "for a batch" : "no";
        return [graph.inputs[i].name, value] as const;
      }));
      const y = runner.run(feeds, [graph.outputs[0]])[0].plain();
      return tf.sum(tf.mul(y, tf.randomUniform(y.shape, 0.5, 1.5, "float32", 7)));
    });
}

/** What is wrong with the gradient of a case; null where nothing is, undefined where the case is not about gradients. */
function check(folder: string): string | null | undefined {
  const { graph } = readOnnx(join(folder, "model.onnx"), { opsets: [1, 27] });
  if (!graph.nodes.every(({ operator }) => findOperator(operator) !== undefined)) return undefined;
  const data = join(folder, "test_data_set_0");
  const names = [...Deno.readDirSync(data)].map(({ name }) => name);
  const arrays = names.filter((name) => name.startsWith("input")).map((_, i) => readArray(join(data, `input_${i}.pb`)));
  const output = readArray(join(data, "output_0.pb"));
  if (arrays[0]?.kind !== "float" || arrays[0].data.length === 0 || output.kind !== "float") return undefined;
  const runner = new GraphRunner(graph);
  const compute = functionOf(graph, runner, arrays);
  const x = tf.tensor(arrays[0].data, [...arrays[0].shape]);
  const direction = tf.randomNormal(x.shape, 0, 1, "float32", 3);
  try {
    const [slope] = dataOf(() => tf.sum(tf.mul(tf.grad(compute)(x), direction)));
    const [quotient] = dataOf(() => {
      const [after, before] = [STEP, -STEP].map((step) => compute(tf.add(x, tf.mul(direction, step))));
      return tf.div(tf.sub(after, before), 2 * STEP);
    });
    const off = Math.abs(slope - quotient);
    return off <= TOLERANCE * Math.max(1, Math.abs(quotient)) ? null : `${slope} instead of ${quotient}`;
  } finally {
    tf.dispose([x, direction]);
    runner.dispose();
  }
}

Deno.test({
  name: `every operator's gradient is its derivative${note}`,
  ignore,
  fn: () => {
    const wrong: string[] = [];
    let right = 0;
    for (const { name } of Deno.readDirSync(join(CASES!, "node"))) {
      if (name in WITHOUT || OF_NO_NUMBERS.test(name)) continue;
      let problem: string | null | undefined;
      try {
        problem = check(join(CASES!, "node", name));
      } catch (error) {
        // what is not read or refused is for the conformance cases to tell; what has no gradient is not
        problem = /gradient/.test(messageOf(error)) ? messageOf(error) : undefined;
      }
      if (problem === null) right++;
      else if (problem !== undefined) wrong.push(`${name}: ${problem}`);
    }
    assert.deepEqual(wrong, []);
    assert.ok(right >= KNOWN_RIGHT, `only ${right} gradients were looked at`);
  },
});
