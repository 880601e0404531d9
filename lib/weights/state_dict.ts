/**
 * The weights among what a training script saved, by the names that the network itself gives them.
 *
 * @module
 */
import type { PickleObject, PickleValue } from "./pickle.ts";

/** How deep a dict of tensors may lie in others: `checkpoint["model"]["state_dict"]` is two deep. */
const MAX_DEPTH = 3;

/**
 * The tensors of the one dict of tensors that a pickle holds: the pickle itself, as `torch.save(model.state_dict(), file)`
 * writes it, or a dict within it under whatever names (`state_dict`, `model`, `checkpoint.net`). Its entries that are no
 * tensors are left out. Of several dicts the one under `state_dict` counts; of one within another the one with more weights:
 * weights may have states of layers among them, and a checkpoint a state of random numbers beside its weights.
 *
 * @param isTensor what counts as one.
 * @param isWeight which tensors may be weights; others, such as a loss or a random state, may lie anywhere.
 * @param refuse called with what was found when there is no such dict, or more than one.
 */
export function stateDictOf<Tensor extends PickleObject>(
  root: PickleValue,
  isTensor: (value: PickleValue) => value is Tensor,
  isWeight: (tensor: Tensor) => boolean,
  refuse: (what: string) => never,
): [string, Tensor][] {
  const found: Found<Tensor>[] = [];
  const visited = new Set<PickleValue>();
  const visit = (dict: Map<PickleValue, PickleValue>, path: readonly string[]): void => {
    if (visited.has(dict)) return;
    visited.add(dict);
    const entries = [...dict].filter((entry): entry is [string, PickleValue] => typeof entry[0] === "string");
    const tensors = entries.filter((entry): entry is [string, Tensor] => isTensor(entry[1]));
    const weights = tensors.filter(([, tensor]) => isWeight(tensor)).length;
    if (tensors.length > 0) found.push({ path, tensors, weights });
    if (path.length === MAX_DEPTH) return;
    // an optimizer numbers its parameters: what it keeps of each is not reached by texts
    for (const [name, value] of entries) if (value instanceof Map) visit(value, [...path, name]);
  };
  if (!(root instanceof Map)) {
    return refuse(`it holds no dict of tensors, but ${isTensor(root) ? "one tensor" : kindOf(root)}`);
  }
  const preferred = root.get("state_dict");
  visit(preferred instanceof Map ? preferred : root, []);
  const most = found.filter((each) => !found.some((other) => other !== each && outweighs(other, each)));
  const weights = most.filter(({ weights }) => weights > 0);
  const [first, ...others] = weights.length > 0 ? weights : most;
  const listed = (names: readonly string[]) => names.slice(0, 6).map((name) => JSON.stringify(name)).join(", ");
  if (others.length > 0) {
    return refuse(
      `it holds several dicts of tensors, ${listed([first, ...others].map(({ path }) => path.join(".")))}`,
    );
  }
  if (first !== undefined) return first.tensors;
  if (root.size === 0) return [];
  const names = [...root.keys()].map(String);
  return refuse(
    `it holds no dict of tensors: its ${names.length === 1 ? "entry" : "entries"} ${listed(names)} ${
      names.length === 1 ? "is not a tensor" : "are not tensors"
    }`,
  );
}

/** A dict that holds tensors. */
interface Found<Tensor> {
  /** Names of the dicts around it and its own; empty for the outermost. */
  readonly path: readonly string[];
  readonly tensors: [string, Tensor][];
  /** How many of them may be weights. */
  readonly weights: number;
}

/** Whether of two dicts, one within the other, the first has more weights, or as many and lies outside. */
function outweighs<Tensor>(a: Found<Tensor>, b: Found<Tensor>): boolean {
  const [outer, inner] = a.path.length < b.path.length ? [a, b] : [b, a];
  const isWithin = outer.path.length < inner.path.length && outer.path.every((name, i) => name === inner.path[i]);
  return isWithin && (a === outer ? a.weights >= b.weights : a.weights > b.weights);
}

/** What a pickle is that is neither a dict nor a tensor, in words. */
function kindOf(value: PickleValue): string {
  if (Array.isArray(value)) return `a ${Object.isFrozen(value) ? "tuple" : "list"} of ${value.length}`;
  if (value === null) return "None";
  return typeof value === "object" ? "an object" : `a ${typeof value === "string" ? "text" : typeof value}`;
}

/** What puts its name before every tensor of the network that it wraps. */
const WRAPPERS = ["module", "model", "net", "network", "backbone", "encoder", "ema_model"];
/** Names that torch.compile, FSDP and Fabric put anywhere. */
const INSERTED = /(?<=^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)\./g;
/** How many models an averaged one is the mean of: beside the wrapped network, and none of its tensors. */
const COUNTER = "n_averaged";

/**
 * Names of tensors without those of wrappers (DataParallel's `module.`, torch.compile's `_orig_mod.`, a trainer's `model.`)
 * that all of them begin with.
 *
 * @returns the network's own name of each, by the name in the file.
 */
export function withoutWrappers(names: readonly string[]): ReadonlyMap<string, string> {
  const inner = names.filter((name) => name !== COUNTER);
  let own = inner.map((name) => name.replace(INSERTED, ""));
  for (;;) {
    const wrapper = WRAPPERS.find((each) => own.length > 0 && own.every((name) => name.startsWith(`${each}.`)));
    if (wrapper === undefined) break;
    own = own.map((name) => name.slice(wrapper.length + 1));
  }
  const isWrapped = own.some((name, i) => name !== inner[i]) && new Set(own).size === own.length;
  return new Map(isWrapped ? inner.map((name, i) => [name, own[i]]) : names.map((name) => [name, name]));
}
