/**
 * Stochastic gradient descent with Nesterov momentum, as PyTorch defines it.
 *
 * @module
 */
import { tf } from "../engine/mod.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * One step: v = momentum v + g;  p = p - rate (g + momentum v), with g the gradient plus weightDecay p.
 *
 * @param parameters variables by name; those of rank 1 are exempt from weight decay.
 * @see Sutskever et al. (2013), "On the importance of initialization and momentum in deep learning"
 */
export function createSgd(
  parameters: ReadonlyMap<string, tf.Variable>,
  { momentum, weightDecay }: { readonly momentum: number; readonly weightDecay: number },
): Optimizer {
  const velocities = new Map<string, tf.Variable>();
  for (const [name, parameter] of parameters) {
    velocities.set(name, tf.tidy(() => tf.variable(tf.zerosLike(parameter), false)));
  }
  return {
    state: new Map([...velocities].map(([name, velocity]) => [`velocity:${name}`, velocity])),
    step: (gradients, rate) =>
      tf.tidy(() => {
        for (const [name, parameter] of parameters) {
          const velocity = velocities.get(name)!;
          const raw = gradients[parameter.name];
          const gradient = parameter.rank > 1 ? raw.add(parameter.mul(weightDecay)) : raw;
          velocity.assign(velocity.mul(momentum).add(gradient));
          parameter.assign(parameter.sub(gradient.add(velocity.mul(momentum)).mul(rate)));
        }
      }),
    dispose: () => tf.dispose([...velocities.values()]),
  };
}
