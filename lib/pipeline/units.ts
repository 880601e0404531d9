/**
 * Units as people write them: `conv2:3`, `conv2:0-7,fc1:3`, and lists of layers.
 *
 * @module
 */
import { InputError } from "../errors.ts";
import { createRandom, permutation } from "../random.ts";
import type { LayerInfo, UnitId } from "../types.ts";

/** Which units to take; everything when nothing is said. */
export interface UnitSelection {
  /** Layers separated by commas, such as `conv1,conv2`; every unit of each. */
  readonly layers?: string;
  /** Units separated by commas, such as `conv2:0-7,fc1:3`. */
  readonly units?: string;
  /** At most this many of them, the first in the order of the network. */
  readonly limit?: number;
  /** So many units of each layer, drawn by the seed; all units of a layer that has no more. */
  readonly sample?: number;
  /** Seed of the sample; 0 where it is not said. */
  readonly seed?: number;
}

/** Layers that an error lists. */
const MOST_LISTED = 20;

/** The layer of a name: its own, another that it has, or the end of its path where that is no other layer's. */
function findLayer(layers: readonly LayerInfo[], name: string): LayerInfo {
  const layer = layers.find((each) => each.name === name) ?? layers.find(({ aliases }) => aliases?.includes(name));
  if (layer !== undefined) return layer;
  const ending = layers.filter((each) => each.name.endsWith(`.${name}`));
  if (ending.length === 1) return ending[0];
  const asked = `layer ${JSON.stringify(name)}`;
  if (ending.length > 1) throw new InputError(`${asked} may be ${listed(ending)}; write the whole name`);
  throw new InputError(`${asked} is not in the model; its layers are ${listed(layers)}`);
}

function listed(layers: readonly LayerInfo[]): string {
  const names = layers.slice(0, MOST_LISTED).map(({ name }) => name).join(", ");
  return layers.length <= MOST_LISTED ? names : `${names} and ${layers.length - MOST_LISTED} more (\`polysem layers\`)`;
}

/** The unit that a word such as `conv2:3` means. */
export function parseUnit(text: string, layers: readonly LayerInfo[]): UnitId {
  const units = parseItem(text, layers);
  if (units.length !== 1) throw new InputError(`${JSON.stringify(text)} is several units; give one, such as conv2:3`);
  return units[0];
}

/**
 * The units that a list such as `conv2:0-7,fc1:3` means, in the order of the network, each once.
 *
 * @throws {InputError} naming the item that is malformed, of an unknown layer or out of range.
 */
export function parseUnits(text: string, layers: readonly LayerInfo[]): UnitId[] {
  return inNetworkOrder(text.split(",").flatMap((item) => parseItem(item, layers)), layers);
}

/** The layers that a list such as `conv1,conv2` means, in the order of the network, each once. */
export function parseLayers(text: string, layers: readonly LayerInfo[]): LayerInfo[] {
  const chosen = new Set(
    text.split(",").map((item) => {
      const name = item.trim();
      if (name === "") throw new InputError(`layer list ${JSON.stringify(text)} has an empty item; write conv1,conv2`);
      return findLayer(layers, name);
    }),
  );
  return layers.filter((layer) => chosen.has(layer));
}

function parseItem(item: string, layers: readonly LayerInfo[]): UnitId[] {
  const match = /^([^:,\s]+):(\d+)(?:-(\d+))?$/.exec(item.trim());
  if (!match) {
    throw new InputError(
      `unit ${JSON.stringify(item.trim())} is malformed; write conv2:3 or conv2:0-7, commas between`,
    );
  }
  const layer = findLayer(layers, match[1]);
  const first = Number(match[2]);
  const last = match[3] === undefined ? first : Number(match[3]);
  if (first > last) throw new InputError(`unit ${item.trim()} counts down; write ${layer.name}:${last}-${first}`);
  if (last >= layer.units) {
    throw new InputError(
      `unit ${item.trim()} is out of range; ${layer.name} has ${layer.units} units, ${layer.name}:0 to ${layer.name}:${
        layer.units - 1
      }`,
    );
  }
  return Array.from({ length: last - first + 1 }, (_, i) => ({ layer: layer.name, unit: first + i }));
}

function inNetworkOrder(units: readonly UnitId[], layers: readonly LayerInfo[]): UnitId[] {
  return layers.flatMap((layer) => {
    const chosen = new Set(units.filter((each) => each.layer === layer.name).map((each) => each.unit));
    return [...chosen].sort((a, b) => a - b).map((unit) => ({ layer: layer.name, unit }));
  });
}

/** Units drawn from a layer, ascending. A larger sample by the same seed holds the smaller one. */
function drawUnits({ name, units }: LayerInfo, count: number, seed: number): UnitId[] {
  return [...permutation(units, createRandom(seed, "sample", name)).subarray(0, count)]
    .sort((a, b) => a - b)
    .map((unit) => ({ layer: name, unit }));
}

/** Refuses a count that is said and is none. */
function refuseCount(what: string, count: number | undefined): void {
  if (count !== undefined && !(Number.isInteger(count) && count >= 1)) {
    throw new InputError(`${what} is ${count}; allowed: an integer from 1`);
  }
}

/**
 * The units to score, in the order of the network.
 *
 * @param layers the layers of the model, in the order of the network.
 * @param selection layers or units, not both; all units of the model when neither is given. A sample is drawn from whole
 * layers and is itself a limit: it goes with neither units nor limit.
 * @throws {InputError} when the selection is wrong, or says what does not go together.
 */
export function selectUnits(layers: readonly LayerInfo[], selection: UnitSelection = {}): UnitId[] {
  const { limit, sample, seed = 0 } = selection;
  if (selection.layers !== undefined && selection.units !== undefined) {
    throw new InputError("both layers and units were given; give one of the two");
  }
  if (sample !== undefined && selection.units !== undefined) {
    throw new InputError(
      "both a sample and units were given; a sample is drawn from whole layers: give one of the two",
    );
  }
  if (sample !== undefined && limit !== undefined) {
    throw new InputError("both a sample and a limit were given; each says how many units to take: give one of the two");
  }
  refuseCount("limit", limit);
  refuseCount("sample", sample);
  if (selection.units !== undefined) return parseUnits(selection.units, layers).slice(0, limit);
  const chosen = selection.layers === undefined ? layers : parseLayers(selection.layers, layers);
  return chosen.flatMap((layer) => drawUnits(layer, sample ?? layer.units, seed)).slice(0, limit);
}
