/**
 * How images are made: the `visualize` part of a profile.
 *
 * @module
 */

/** Settings of feature visualization. */
export interface VisualizeOptions {
  /** What is optimised: the logits of pixels, or Fourier coefficients in decorrelated colours. */
  readonly parametrization: "pixel" | "fourier";
  /** Where ascent starts: noise, or an unrelated real training image drawn by the seed. */
  readonly start: "noise" | "dataset";
  /** Standard deviation of noise starts. */
  readonly noiseScale: number;
  /**
   * Share of the steps, in [0, 1], over which the start fades out of the variables, so that what is left is what ascent
   * added; 0 keeps it. Pixels that do not move the unit end up grey, whatever image ascent started from.
   */
  readonly startFade: number;
  /** Steps of Adam. */
  readonly steps: number;
  /** Step size of Adam. */
  readonly learningRate: number;
  /** Largest random shift at each step, in pixels of an image of 32 px; it grows with the image's shorter side. */
  readonly jitter: number;
  /** Largest relative change of size at each step; 0 for none. */
  readonly scale: number;
  /** Largest rotation at each step, in degrees; 0 for none. */
  readonly rotation: number;
  /**
   * How strongly images of a unit that are made together turn away from each other: the length of that gradient as a multiple
   * of the activation's; 0, the default, for not at all. In the features of the layer below; a layer that has none below is
   * spared.
   */
  readonly repulsion?: number;
  /** Share of the steps, in [0, 1], from the first on, in which they do; .5 by default. */
  readonly repulsionShare?: number;
  /** What an activation is. */
  readonly activation: ActivationOptions;
}

/** How a unit's activation on an image is one number. */
export interface ActivationOptions {
  /**
   * Of a unit's values on a grid or at tokens: their mean, their maximum, the one at the centre of the grid, or the one at the
   * first token, which is the class token of a transformer.
   */
  readonly reduce: "mean" | "centre" | "maximum" | "class-token";
  /** Whether it is taken after the ReLU. Before it by default: after it, a silent unit has no gradient to follow. */
  readonly postRelu: boolean;
}
