/**
 * A network from an .onnx file whose units can be scored.
 *
 * @module
 */
import { tf, useBackend } from "../../engine/mod.ts";
import type { Size } from "../../types.ts";
import type { Network } from "../network.ts";
import { basename } from "node:path";
import { BatchRunner } from "./batch_runner.ts";
import { findImageInput, type OnnxInputOptions, prepareImages } from "./input.ts";
import { findLayers, type FoundLayer, type OnnxLayer } from "./layers.ts";
import type { Value } from "./value.ts";
import { refuseUnsupported } from "./operators/table.ts";
import { simplify } from "./passes/pass.ts";
import { readOnnx } from "./reading/read_onnx.ts";
import { throughUnits, unitsLast } from "./units_last.ts";

/** A network from a file, all of its layers, and the hash of its files. */
export interface OnnxNetwork extends Network {
  /** All layers, those that cannot be scored among them. */
  readonly allLayers: readonly OnnxLayer[];
  /** Sha256 of the file and of those that hold its tensors, in hexadecimal. */
  readonly sha256: string;
}

/** What a network is, without the network. */
export interface OnnxDescription {
  readonly name: string;
  readonly input: Size;
  /** 3 for colours, 1 for grey. */
  readonly channels: 1 | 3;
  /** All layers, those that cannot be scored among them. */
  readonly layers: readonly OnnxLayer[];
  readonly sha256: string;
}

/**
 * Loads a network. The backend must be ready (`useBackend`).
 *
 * @param file path of an .onnx file of one image input.
 * @throws {InputError} when the file is not intact, or has what is not supported.
 */
export function createOnnxNetwork(file: string, options: OnnxInputOptions = {}): Promise<OnnxNetwork> {
  return load(file, options);
}

/** A network and how many channels its images have. */
type LoadedNetwork = OnnxNetwork & { readonly channels: 1 | 3 };

async function load(file: string, options: OnnxInputOptions): Promise<LoadedNetwork> {
  const { graph: stored, sha256 } = readOnnx(file);
  refuseUnsupported(stored);
  const input = findImageInput(stored, options);
  const { prepare, dispose } = prepareImages(input, options, file);
  const runner = new BatchRunner(simplify(stored).graph, input, prepare);
  try {
    const layers = findLayers(stored, await runner.shapes(), input.size);
    return toNetwork(basename(file, ".onnx"), runner, layers, sha256, dispose);
  } catch (error) {
    runner.dispose();
    dispose();
    throw error;
  }
}

/**
 * Describes a network: some images run through it to tell the sizes of its layers. Starts the backend.
 *
 * @throws {InputError} when the file is not intact, or has what is not supported.
 */
export async function describeOnnx(file: string, options: OnnxInputOptions = {}): Promise<OnnxDescription> {
  await useBackend();
  const network = await load(file, options);
  try {
    const { name, input, allLayers, sha256, channels } = network;
    return { name, input, channels, layers: allLayers, sha256 };
  } finally {
    network.dispose();
  }
}

function toNetwork(
  name: string,
  runner: BatchRunner,
  found: readonly FoundLayer[],
  sha256: string,
  dispose: () => void,
): LoadedNetwork {
  const scorable = found.filter(({ view }) => view !== null);
  const byName = new Map(
    scorable.flatMap((each) => [each.layer.name, ...each.layer.aliases].map((key) => [key, each])),
  );
  const layers = scorable.map(({ layer }) => layer);
  return {
    name,
    input: runner.input.size,
    channels: runner.input.channels,
    layers,
    allLayers: found.map(({ layer }) => layer),
    sha256,
    activations: (images, wanted, through) => {
      const asked = wanted.map((layer) => {
        const each = byName.get(layer);
        if (each === undefined) throw new RangeError(`${name} has no layer ${layer} that can be scored`);
        return each;
      });
      const count = images.shape[0];
      const onValue = through && ((name: string, value: Value) => {
        const at = asked.findIndex((each) => each.value === name);
        return at < 0 ? value : throughUnits(value, asked[at].view!, count, (x) => through(wanted[at], x));
      });
      return tf.tidy(() =>
        runner.run(images, asked.map(({ value }) => value), onValue).map((value, i) => {
          const tensor = unitsLast(value, asked[i].view!, count);
          return tensor === value.tensor ? tensor.clone() : tensor;
        })
      );
    },
    dispose: () => {
      runner.dispose();
      dispose();
    },
  };
}
