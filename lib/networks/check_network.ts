/**
 * Checks a network that someone else wrote: what it says of itself, and what it does to two made-up images.
 *
 * @module
 */
import { readAll, tf } from "../engine/mod.ts";
import { InputError, messageOf } from "../errors.ts";
import type { LayerInfo, Size } from "../types.ts";
import type { Network } from "./network.ts";

/** Largest height and width, as for .onnx files. */
const MOST_PIXELS = 4096;

/** Largest difference, relative to a layer's largest entry, by which images run together may differ from images run alone. */
const BATCH_TOLERANCE = 1e-3;

/** Axes of a layer's activations, by where its units' responses lie. */
const AXES: Readonly<Record<LayerInfo["positions"], string>> = {
  none: "[N, units]",
  grid: "[N, height, width, units]",
  tokens: "[N, tokens, units]",
};

/**
 * Checks a network: its name, size and layers, and the activations of two made-up images, alone and together. The backend
 * must be ready (`useBackend`). Whether gradients go through it is not checked.
 *
 * @param called what errors call it.
 * @throws {InputError} naming the first thing that is wrong, in one line.
 */
export async function checkNetwork(network: Network, called: string = String(network?.name)): Promise<void> {
  checkFields(network, called);
  const names = network.layers.map(({ name }) => name);
  const turned = names.toReversed();
  const alone = await probe(network, 1, names, called);
  const together = await probe(network, 2, turned, called);
  for (const [i, name] of names.entries()) {
    if (beginsWith(together[turned.indexOf(name)], alone[i])) continue;
    throw new InputError(
      `${called}: activations of layer ${name} for one image are others when a second image comes with it, or when layers ` +
        "are asked for in another order; return what each image gives by itself, in the order of the names",
    );
  }
}

function checkFields(network: unknown, called: string): asserts network is Network {
  if (typeof network !== "object" || network === null) {
    throw new InputError(`${called}: ${shown(network)} is not a network; give an object as the interface Network says`);
  }
  const { name, input, layers, activations, dispose } = network as Partial<Network>;
  const refuse = (what: string, value: unknown, allowed: string) => {
    throw new InputError(`${called}: ${what} is ${shown(value)}; allowed: ${allowed}`);
  };
  if (typeof name !== "string" || name.trim() === "") refuse("name", name, "a text that is not empty");
  for (const side of ["height", "width"] as const) {
    const pixels = (input as Partial<Size> | undefined)?.[side];
    if (!(Number.isInteger(pixels) && pixels! >= 1 && pixels! <= MOST_PIXELS)) {
      refuse(`input.${side}`, pixels, `an integer from 1 to ${MOST_PIXELS}`);
    }
  }
  if (!Array.isArray(layers) || layers.length === 0) refuse("layers", layers, "a list of at least one layer");
  const names = new Set<unknown>();
  for (const [i, layer] of (layers as Partial<LayerInfo>[]).entries()) {
    const { name, units, positions } = layer ?? {};
    if (typeof name !== "string" || !/^[^:,\s]+$/.test(name)) {
      refuse(`layers[${i}].name`, name, "a text without spaces, commas and colons, since units are written conv2:3");
    }
    if (names.has(name)) refuse(`layers[${i}].name`, name, "names that no other layer has");
    names.add(name);
    if (!(Number.isInteger(units) && units! >= 1)) refuse(`units of layer ${name}`, units, "an integer from 1");
    if (!Object.hasOwn(AXES, String(positions))) {
      refuse(`positions of layer ${name}`, positions, '"none", "grid" or "tokens"');
    }
  }
  if (typeof activations !== "function") refuse("activations", activations, "a function of images and names of layers");
  if (typeof dispose !== "function") refuse("dispose", dispose, "a function that frees the weights");
}

/** Entries of the layers' activations for made-up images, each another one and none flat; the first is always the same. */
async function probe(network: Network, count: number, names: readonly string[], called: string) {
  const { height, width } = network.input;
  const pixels = Float32Array.from(
    { length: count * height * width * 3 },
    (_, i) => (i * 0.618034 + (i >> 7) * 0.37) % 1,
  );
  const entries = await readAll(() => {
    const images = tf.tensor4d(pixels, [count, height, width, 3]);
    const tensors = activationsOf(network, images, names, called);
    checkShapes(network, tensors, count, names, called);
    return tensors.map((tensor) => tensor === images ? tensor.clone() : tensor);
  });
  for (const [i, data] of entries.entries()) {
    if (data.some(Number.isFinite)) continue; // single units that overflow are flagged when they are scored
    throw new InputError(
      `${called}: layer ${names[i]} gives ${data[0]} for an image of numbers from 0 ` +
        "to 1; its activations must be finite",
    );
  }
  return entries;
}

function activationsOf(network: Network, images: tf.Tensor4D, names: readonly string[], called: string): tf.Tensor[] {
  try {
    return network.activations(images, names);
  } catch (error) {
    throw new InputError(
      `${called}: activations of ${images.shape.join(" x ")} images failed: ${
        messageOf(error).trim().replaceAll(/\s*\n\s*/g, " ")
      }`,
      { cause: error },
    );
  }
}

function checkShapes(
  network: Network,
  tensors: unknown,
  count: number,
  names: readonly string[],
  called: string,
): asserts tensors is tf.Tensor[] {
  if (!Array.isArray(tensors) || tensors.length !== names.length) {
    if (tensors instanceof Promise) tensors.catch(() => {}); // nobody waits for it
    const given = Array.isArray(tensors)
      ? `a list of ${tensors.length}`
      : tensors instanceof Promise
      ? "a promise"
      : tensors instanceof tf.Tensor
      ? "a tensor"
      : shown(tensors);
    throw new InputError(
      `${called}: activations returned ${given} for the layers ${
        names.join(", ")
      }; return a list with a tensor for each`,
    );
  }
  for (const [i, tensor] of tensors.entries()) {
    const { positions, units } = network.layers.find(({ name }) => name === names[i])!;
    if (!(tensor instanceof tf.Tensor)) {
      throw new InputError(
        `${called}: layer ${names[i]} gives ${shown(tensor)}; return a tensor of the tf that is given`,
      );
    }
    const { shape, dtype } = tensor;
    const axes = AXES[positions].split(",").length;
    if (shape.length !== axes || shape[0] !== count || shape.at(-1) !== units || shape.includes(0)) {
      throw new InputError(
        `${called}: layer ${names[i]} of ${units} units gives shape [${shape.join(", ")}] for N = ${count}; with ` +
          `positions "${positions}" it must be ${AXES[positions]}`,
      );
    }
    if (dtype !== "float32") {
      throw new InputError(`${called}: layer ${names[i]} gives numbers of type ${dtype}; they must be float32`);
    }
  }
}

/** Whether entries begin with others, up to rounding. */
function beginsWith(entries: Float32Array, others: Float32Array): boolean {
  const scale = others.reduce((most, value) => Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most, 1e-6);
  return entries.length >= others.length &&
    others.every((value, i) => Object.is(value, entries[i]) || Math.abs(value - entries[i]) <= BATCH_TOLERANCE * scale);
}

/** A value in an error: as JSON where it has any, and not long. */
function shown(value: unknown): string {
  const text = (typeof value === "number" ? String(value) : JSON.stringify(value)) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
