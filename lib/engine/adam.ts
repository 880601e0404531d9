/**
 * Adam, ascending.
 *
 * @module
 */
import { type NativeOps, nativeOps } from "./native_ops.ts";
import { tf } from "./tf.ts";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
/** The name under which TensorFlow makes a variable that nothing else can share. */
const ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347";

/** Variables with their running moments. */
export interface AdamState {
  /** Steps done. */
  readonly step: number;
  /** The variables. */
  readonly variables: tf.Tensor;
  /** Running mean of gradients. */
  readonly first: tf.Tensor;
  /** Running mean of squared gradients. */
  readonly second: tf.Tensor;
}

/** The state before the first step. */
export function initialAdam(variables: tf.Tensor): AdamState {
  return { step: 0, variables, first: tf.zerosLike(variables), second: tf.zerosLike(variables) };
}

/**
 * One step uphill:
 *
 *     m = m + (1 - b1) (g - m),  v = v + (1 - b2) (g^2 - v),
 *     z = z + rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon sqrt(1 - b2^t)),
 *
 * which is Kingma and Ba's z + rate m' / (sqrt(v') + epsilon) with m' and v' corrected for their start at zero.
 *
 * @see Kingma and Ba (2015), "Adam"
 */
export function adamAscent(state: AdamState, gradient: tf.Tensor, rate: number): AdamState {
  const step = state.step + 1;
  const root = Math.sqrt(1 - BETA2 ** step);
  const first = state.first.add(gradient.sub(state.first).mul(1 - BETA1));
  const second = state.second.add(gradient.square().sub(state.second).mul(1 - BETA2));
  const move = first.mul(rate * root / (1 - BETA1 ** step)).div(second.sqrt().add(EPSILON * root));
  return { step, variables: state.variables.add(move), first, second };
}

/** Adam, ascending, with its variables kept inside. */
export interface Adam {
  /** The variables now; the caller's to free, before the next step if that is to be made in place. */
  read(): tf.Tensor;
  /** One step uphill, as `adamAscent` takes it. */
  step(gradient: tf.Tensor, rate: number): void;
  /** Moves the variables, and leaves the moments as they are. */
  move(change: tf.Tensor): void;
  /** Frees the variables and moments. */
  dispose(): void;
}

/**
 * Adam from the given variables, which it takes over. On the native backend a step is one kernel in place of a dozen.
 *
 * @param variables any shape.
 */
export function createAdam(variables: tf.Tensor): Adam {
  const ops = nativeOps();
  if (ops !== null) return createNativeAdam(ops, variables);
  let state = initialAdam(variables);
  return {
    read: () => state.variables.clone(),
    step: (gradient, rate) => {
      const before = state;
      state = tf.tidy(() => {
        const { step, variables, first, second } = adamAscent(before, gradient, rate);
        return { step, variables, first, second };
      });
      tf.dispose([before.variables, before.first, before.second]);
    },
    move: (change) => {
      const { variables } = state;
      state = { ...state, variables: variables.add(change) };
      variables.dispose();
    },
    dispose: () => tf.dispose([state.variables, state.first, state.second]),
  };
}

/** TensorFlow's own fused Adam on resource variables; a negative rate ascends. */
function createNativeAdam(ops: NativeOps, variables: tf.Tensor): Adam {
  const float32 = { kind: "float32 type" } as const;
  const { shape } = variables;
  const resource = (value: tf.Tensor) => {
    const [handle] = ops.call(
      "VarHandleOp",
      {
        dtype: float32,
        shape: { kind: "shape", value: shape },
        container: { kind: "string", value: "" },
        shared_name: { kind: "string", value: ANONYMOUS },
      },
      [],
      1,
    );
    ops.call("AssignVariableOp", { dtype: float32 }, [handle, value], 0);
    value.dispose();
    return handle;
  };
  const [first, second] = [tf.zeros(shape), tf.zeros(shape)].map(resource);
  const own = resource(variables);
  let taken = 0;
  return {
    read: () => ops.call("ReadVariableOp", { dtype: float32 }, [own], 1)[0],
    step: (gradient, rate) => {
      taken++;
      const settings = [
        BETA1 ** taken,
        BETA2 ** taken,
        -rate,
        BETA1,
        BETA2,
        EPSILON * Math.sqrt(1 - BETA2 ** taken), // the kernel adds epsilon to the uncorrected root
      ].map((value) => tf.scalar(value));
      ops.call(
        "ResourceApplyAdam",
        { T: float32, use_locking: { kind: "bool", value: false }, use_nesterov: { kind: "bool", value: false } },
        [own, first, second, ...settings, gradient],
        0,
      );
      tf.dispose(settings);
    },
    move: (change) => {
      ops.call("AssignAddVariableOp", { dtype: float32 }, [own, change], 0);
    },
    dispose: () => {
      for (const handle of [own, first, second]) {
        ops.call("DestroyResourceOp", { ignore_lookup_error: { kind: "bool", value: true } }, [handle], 0);
        handle.dispose();
      }
    },
  };
}
