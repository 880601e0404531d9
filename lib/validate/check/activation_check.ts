/**
 * The paper's section 3: do the visualizations excite a unit more than any image of the dataset?
 *
 * @module
 */
import { max, mean, min } from "simple-statistics";

/** A unit's visualizations against the dataset. */
export interface ActivationCheck {
  /** Mean activation of the visualizations, evaluated without transforms. */
  readonly mean: number;
  /** Lowest activation of them. */
  readonly min: number;
  /** Highest activation of them. */
  readonly max: number;
  /** Highest activation over the dataset's test images. */
  readonly datasetMax: number;
  /** Whether every visualization exceeds it. */
  readonly exceeds: boolean;
  /** Which share of them does, in [0, 1]. */
  readonly share: number;
}

/**
 * Compares activations with the dataset's highest.
 *
 * @param activations of the visualizations, at least one.
 * @throws {RangeError} when there are none.
 * @see Alic et al. (2025), section 3
 */
export function activationCheck(activations: readonly number[], datasetMax: number): ActivationCheck {
  if (activations.length === 0) throw new RangeError("there are no activations to compare with the dataset");
  const above = activations.filter((activation) => activation > datasetMax).length;
  return {
    mean: mean([...activations]),
    min: min([...activations]),
    max: max([...activations]),
    datasetMax,
    exceeds: above === activations.length,
    share: above / activations.length,
  };
}
