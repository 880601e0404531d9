/**
 * Made-up weights, the same as in fixtures/networks/resnet18.py and torchvision_networks.py.
 *
 * @module
 */
import type { WeightArray } from "../../lib/weights/mod.ts";
import { madeUp } from "../lpips/made_up.ts";
import fixture from "../../fixtures/networks/resnet18.json" with { type: "json" };

/** A tensor of a fixture: its name, its shape, and the stream that its numbers come from. */
export type MadeUpTensor = readonly [name: string, shape: readonly number[], stream: number];

/** Weights by the names that PyTorch gave them. */
export function madeUpTensors(tensors: readonly MadeUpTensor[]): Map<string, WeightArray> {
  return new Map(tensors.map(([name, shape, stream]) => {
    const data = madeUp(stream, shape.reduce((product, n) => product * n, 1));
    if (shape.length > 1) {
      const bound = Math.sqrt(6 / shape.slice(1).reduce((product, n) => product * n, 1));
      for (let i = 0; i < data.length; i++) data[i] = (2 * data[i] - 1) * bound;
    } else if (name.endsWith(".running_mean") || name.endsWith(".bias")) {
      for (let i = 0; i < data.length; i++) data[i] = 0.4 * data[i] - 0.2;
    } else {
      for (let i = 0; i < data.length; i++) data[i] += 0.5;
    }
    return [name, { shape, data }];
  }));
}

/** Those of ResNet-18; of the network for 32 px unless another is said. */
export function madeUpResNet18({ tensors } = fixture.stems[0]): Map<string, WeightArray> {
  return madeUpTensors(tensors as unknown as MadeUpTensor[]);
}
