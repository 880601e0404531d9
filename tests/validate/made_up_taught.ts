/**
 * Folders of taught networks that no training is needed for.
 *
 * @module
 */
import { createTrainableLeNet5, toWeightArray } from "../../lib/networks/mod.ts";
import { createRandom } from "../../lib/random.ts";
import { recordTaughtNetwork, type TaughtEntry } from "../../lib/validate/trained/mod.ts";
import { encodeSafetensors, findWeightSet, readWeights, type WeightArray } from "../../lib/weights/mod.ts";

/** Classes merged where those of a pair look alike, so that the sum of their scores tells both. */
export const PAIRS: readonly (readonly number[])[] = [[0], [8], [1, 9], [3, 5], [4, 7], [2, 6]];

/** Writes a LeNet-5 of merged labels into a folder, of weights as given. */
async function record(
  folder: string,
  seed: number,
  classes: readonly (readonly number[])[],
  weights: ReadonlyMap<string, WeightArray>,
): Promise<TaughtEntry> {
  return await recordTaughtNetwork(folder, { architecture: "lenet5", kind: "labels", seed }, {
    bytes: encodeSafetensors(weights),
    classes: classes.map((set) => [...set]),
    parameters: 62_006,
    test_accuracy: 0.7,
    command: "a test",
  });
}

/** A LeNet-5 that has learned nothing. */
export async function recordUntrained(folder: string, seed: number): Promise<TaughtEntry> {
  const { parameters, dispose } = createTrainableLeNet5(createRandom(seed));
  const weights = new Map([...parameters].map(([name, value]) => [name, toWeightArray(value)] as const));
  dispose();
  return await record(folder, seed, PAIRS, weights);
}

/** polysem's LeNet-5 whose first six outputs are sums of class scores, and the other four never the greatest. */
export async function recordMerged(folder: string, seed: number): Promise<TaughtEntry> {
  const { tensors } = await readWeights((await findWeightSet("lenet5-cifar10")).files[0], "lenet5-cifar10");
  const [weight, bias] = ["fc3.weight", "fc3.bias"].map((name) => tensors.get(name)!);
  const cols = weight.shape[1];
  const merged = { shape: weight.shape, data: new Float32Array(weight.data.length) };
  const offsets = { shape: bias.shape, data: new Float32Array(10).fill(-1000) };
  PAIRS.forEach((set, unit) => {
    offsets.data[unit] = 0;
    const share = 1 / Math.sqrt(set.length); // so that a sum varies about as much as one score
    for (const label of set) {
      for (let j = 0; j < cols; j++) merged.data[unit * cols + j] += share * weight.data[label * cols + j];
      offsets.data[unit] += share * bias.data[label];
    }
  });
  return await record(folder, seed, PAIRS, new Map([...tensors, ["fc3.weight", merged], ["fc3.bias", offsets]]));
}
