/** A small run: two jobs of one unit each, and a dataset of made-up images. */
import { type ContextRef, parseProfile } from "../../lib/pipeline/mod.ts";
import { sharedRef } from "../data/made_up_dataset.ts";
import { randomImages } from "../pipeline/stand_ins.ts";

export const UNIT_CONTEXT: ContextRef = {
  subject: {
    model: { kind: "shipped", name: "lenet5-cifar10" },
    dataset: sharedRef(randomImages(20, "train"), randomImages(20, "test")),
  },
  instruments: {
    profile: parseProfile({
      extends: "calibrated",
      visualize: { steps: 2 },
      lpips: { resize: 32 },
      elbow: { minImages: 4, maxImages: 4 },
      cluster: { restarts: 1 },
    }, "test"),
  },
  seed: 3,
};

export const JOBS = [{ layer: "conv2", units: [3] }, { layer: "fc3", units: [1] }] as const;

/** Images of the dataset that are passed through the network. */
export const RANGE = { from: 0, to: 20 } as const;
