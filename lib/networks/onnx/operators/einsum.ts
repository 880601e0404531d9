/**
 * Sums of products by Einstein's notation, as products of matrices.
 *
 * @module
 */
import { tf } from "../../../engine/mod.ts";
import { attribute } from "../graph.ts";
import { product, range, Value } from "../value.ts";
import { type Call, input, type Operator, refuse } from "./operator.ts";

/** A tensor and the label of each of its axes. */
interface Labelled {
  readonly tensor: tf.Tensor;
  readonly labels: readonly string[];
}

/** Labels of an ellipsis: a mark and the number of the axis counted from its last. */
function expandEllipsis(term: string, rank: number): string[] {
  if (!term.includes("...")) return [...term];
  const [before, after] = term.split("...");
  const count = rank - before.length - after.length;
  return [...before, ...range(count).map((i) => `.${count - 1 - i}`), ...after];
}

/** Axes of a label that stands twice, as their diagonal. */
function diagonal({ tensor, labels }: Labelled): Labelled {
  const twice = labels.findIndex((label, i) => labels.indexOf(label) < i);
  if (twice < 0) return { tensor, labels };
  const first = labels.indexOf(labels[twice]);
  const size = tensor.shape[first];
  const rest = range(labels.length).filter((i) => i !== first && i !== twice);
  const flat = tensor.transpose([first, twice, ...rest]).reshape([size * size, ...rest.map((i) => tensor.shape[i])]);
  return diagonal({
    tensor: tf.gather(flat, tf.tensor1d(range(size).map((i) => i * (size + 1)), "int32")),
    labels: [labels[first], ...rest.map((i) => labels[i])],
  });
}

/** Sums over the labels that are not among `wanted`. */
function summed({ tensor, labels }: Labelled, wanted: ReadonlySet<string>): Labelled {
  const gone = range(labels.length).filter((i) => !wanted.has(labels[i]));
  if (gone.length === 0) return { tensor, labels };
  return { tensor: tf.sum(tensor, gone), labels: labels.filter((label) => wanted.has(label)) };
}

function arranged({ tensor, labels }: Labelled, order: readonly string[]): tf.Tensor {
  return tensor.transpose(order.map((label) => labels.indexOf(label)));
}

/** The product of two tensors, summed over the labels that nobody wants after. */
function contract(left: Labelled, right: Labelled, wanted: ReadonlySet<string>): Labelled {
  const a = summed(left, new Set([...wanted, ...right.labels]));
  const b = summed(right, new Set([...wanted, ...left.labels]));
  const common = a.labels.filter((label) => b.labels.includes(label));
  const batch = common.filter((label) => wanted.has(label));
  const inner = common.filter((label) => !wanted.has(label));
  const rows = a.labels.filter((label) => !common.includes(label));
  const columns = b.labels.filter((label) => !common.includes(label));
  const sizes = new Map([
    ...a.labels.map((l, i) => [l, a.tensor.shape[i]] as const),
    ...b.labels.map((l, i) => [l, b.tensor.shape[i]] as const),
  ]);
  const size = (labels: readonly string[]) => product(labels.map((label) => sizes.get(label)!));
  const x = arranged(a, [...batch, ...rows, ...inner]).reshape<tf.Tensor3D>([size(batch), size(rows), size(inner)]);
  const y = arranged(b, [...batch, ...inner, ...columns]).reshape<tf.Tensor3D>([
    size(batch),
    size(inner),
    size(columns),
  ]);
  const labels = [...batch, ...rows, ...columns];
  return { tensor: tf.matMul(x, y).reshape(labels.map((label) => sizes.get(label)!)), labels };
}

/** What is left of the arrow, and what is right of it: by default the labels that stand once, in order. */
function parse(call: Call): { terms: string[][]; output: string[] } {
  const equation = attribute.text(call.node, "equation", "").replaceAll(/\s/g, "");
  const [left, right] = equation.split("->");
  const terms = left.split(",").map((term, i) => expandEllipsis(term, input(call, i).rank));
  if (terms.length !== call.inputs.length || terms.some((term, i) => term.length !== input(call, i).rank)) {
    refuse(call, `has the equation ${equation}, which does not fit its inputs`);
  }
  const all = terms.flat();
  const dots = [...new Set(all.filter((label) => label.startsWith(".")))].sort((a, b) =>
    Number(b.slice(1)) - Number(a.slice(1))
  );
  if (right !== undefined) {
    const output = right.includes("...") ? [...right.split("...")[0], ...dots, ...right.split("...")[1]] : [...right];
    return { terms, output };
  }
  const once = [...new Set(all)].filter((label) =>
    !label.startsWith(".") && all.indexOf(label) === all.lastIndexOf(label)
  );
  return { terms, output: [...dots, ...once.sort()] };
}

/** A sum of products by Einstein's notation. */
export const einsum: Operator = (call) => {
  const { terms, output } = parse(call);
  const parts = terms.map((labels, i) => diagonal({ tensor: input(call, i).plain(), labels }));
  let result = parts[0];
  for (let i = 1; i < parts.length; i++) {
    result = contract(result, parts[i], new Set([...output, ...parts.slice(i + 1).flatMap(({ labels }) => labels)]));
  }
  return new Value(arranged(summed(result, new Set(output)), output));
};
