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
 * tensors are left out. Of several dicts the one under `state_dict` counts.
 *
 * @param isTensor what counts as one.
 * @param refuse called with what was found when there is no such dict, or more than one.
 */
export function stateDictOf<Tensor extends PickleObject & { readonly shape: readonly number[] }>(
  root: PickleValue,
  isTensor: (value: PickleValue) => value is Tensor,
  refuse: (what: string) => never,
): [string, Tensor][] {
  const found: { path: string; tensors: [string, Tensor][] }[] = [];
  const visited = new Set<PickleValue>();
  const visit = (dict: Map<PickleValue, PickleValue>, path: readonly string[]): void => {
    if (visited.has(dict)) return;
    visited.add(dict);
    const entries = [...dict].filter((entry): entry is [string, PickleValue] => typeof entry[0] === "string");
    const tensors = entries.filter((entry): entry is [string, Tensor] => isTensor(entry[1]));
    if (tensors.length > 0) found.push({ path: path.join("."), tensors });
    // beside weights other dicts are states of layers; beside single numbers, such as a loss, weights may follow
    if (tensors.some(([, { shape }]) => shape.length > 0) || path.length === MAX_DEPTH) return;
    // an optimizer numbers its parameters: what it keeps of each is not reached by texts
    for (const [name, value] of entries) if (value instanceof Map) visit(value, [...path, name]);
  };
  if (!(root instanceof Map)) {
    return refuse(`it holds no dict of tensors, but ${isTensor(root) ? "one tensor" : "something else"}`);
  }
  const preferred = root.get("state_dict");
  visit(preferred instanceof Map ? preferred : root, []);
  const weights = found.filter(({ tensors }) => tensors.some(([, { shape }]) => shape.length > 0));
  const [first, ...others] = weights.length > 0 ? weights : found;
  const listed = (names: readonly string[]) => names.slice(0, 6).map((name) => JSON.stringify(name)).join(", ");
  if (others.length > 0) {
    return refuse(
      `it holds several dicts of tensors, ${listed([first, ...others].map(({ path }) => path || "(outermost)"))}`,
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
