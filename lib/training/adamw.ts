/**
 * Adam with decoupled weight decay, as PyTorch defines it.
 *
 * @module
 */
import { tf } from "../engine/mod.ts";
import type { Optimizer } from "./optimizer.ts";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * One step: m = m + (1 - b1) (g - m), v = v + (1 - b2) (g^2 - v),
 * p = (1 - rate weightDecay) p - rate m' / (sqrt(v') + epsilon), with m' and v' corrected for their start at zero.
 *
 * @param parameters variables by name; those of rank 1 are exempt from weight decay.
 * @see Loshchilov and Hutter (2019), "Decoupled weight decay regularization"
 */
export function createAdamW(
  parameters: ReadonlyMap<string, tf.Variable>,
  { weightDecay }: { readonly weightDecay: number },
): Optimizer {
  const zeros = (parameter: tf.Variable) => tf.tidy(() => tf.variable(tf.zerosLike(parameter), false));
  const first = new Map([...parameters].map(([name, parameter]) => [name, zeros(parameter)]));
  const second = new Map([...parameters].map(([name, parameter]) => [name, zeros(parameter)]));
  return {
    state: new Map([
      ...[...first].map(([name, variable]) => [`first:${name}`, variable] as const),
      ...[...second].map(([name, variable]) => [`second:${name}`, variable] as const),
    ]),
    step: (gradients, rate, step) =>
      tf.tidy(() => {
        const root = Math.sqrt(1 - BETA2 ** step);
        for (const [name, parameter] of parameters) {
          const gradient = gradients[parameter.name];
          const [m, v] = [first.get(name)!, second.get(name)!];
          m.assign(m.add(gradient.sub(m).mul(1 - BETA1)));
          v.assign(v.add(gradient.square().sub(v).mul(1 - BETA2)));
          const move = m.mul(rate * root / (1 - BETA1 ** step)).div(v.sqrt().add(EPSILON * root));
          const kept = parameter.rank > 1 ? parameter.mul(1 - rate * weightDecay) : parameter;
          parameter.assign(kept.sub(move));
        }
      }),
    dispose: () => tf.dispose([...first.values(), ...second.values()]),
  };
}
