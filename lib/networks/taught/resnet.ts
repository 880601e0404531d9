/**
 * A small residual network for 32 px images: one block in each of four stages.
 *
 * @see He et al. (2016)
 * @module
 */
import { type ResNetArchitecture, STEM_32, type Widths } from "../resnet.ts";

const WIDTHS: Widths = [32, 64, 128, 192];

/** Channels of the last stage: the features. */
export const SMALL_RESNET_FEATURES = WIDTHS[3];

/** What tells it from other residual networks. */
export const SMALL_RESNET: ResNetArchitecture = {
  title: "the small ResNet",
  stem: STEM_32,
  widths: WIDTHS,
  block: "basic",
  blocks: [1, 1, 1, 1],
  classes: 0, // it has a head of its own
};
