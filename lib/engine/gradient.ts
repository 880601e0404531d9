/**
 * The gradient of a scalar by one tensor, with little memory. TensorFlow.js keeps what a pass stores, every gradient on the way
 * back and all that these are computed from until the end; here each is freed after its last use. The numbers are the same.
 *
 * @module
 */
import { tf } from "./tf.ts";

/** What TensorFlow.js notes of a computation, as far as it is used here; its own type is not exported. */
interface TapeNode {
  readonly saved?: readonly tf.Tensor[];
  gradient?: (dys: tf.Tensor[]) => Record<string, () => tf.Tensor>;
}

/**
 * The gradient of a function.
 *
 * @param f a scalar of a tensor.
 * @returns a function of x that returns the gradient at x, of x's shape. Not to be used within another gradient.
 */
export function gradientOf(f: (x: tf.Tensor) => tf.Tensor): (x: tf.Tensor) => tf.Tensor {
  return tf.grad((x: tf.Tensor) => {
    const y = f(x);
    freeOnTheWayBack((tf.engine().state.activeTape ?? []) as unknown as TapeNode[]);
    return y;
  });
}

/** Has every node free, on the way back, what the node before it has used. */
function freeOnTheWayBack(tape: readonly TapeNode[]): void {
  let used: (tf.Tensor | null)[] = [];
  let handedOn = new Set<tf.Tensor>();
  for (const node of tape) {
    const { gradient, saved = [] } = node;
    if (gradient === undefined) continue;
    node.gradient = (dys) => {
      for (const tensor of used) {
        if (tensor !== null && !handedOn.has(tensor)) tensor.dispose();
      }
      handedOn = new Set();
      const made = tf.engine().state.activeScope.track;
      const before = made.length;
      const byInput = gradient(dys);
      used = [...dys, ...saved, ...made.slice(before)];
      return Object.fromEntries(
        Object.entries(byInput).map(([input, compute]) => [input, () => {
          const dx = compute();
          handedOn.add(dx);
          return dx;
        }]),
      );
    };
  }
}
