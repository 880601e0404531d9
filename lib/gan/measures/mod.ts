/**
 * Is a generator any good: its measures, each beside a null and beside real images.
 *
 * @module
 */
export { createJudge, type Judge, JUDGE_NAME, type Judgement } from "./classifier.ts";
export { cardSection, SUMMARY_HEAD, summaryRows } from "./card_section.ts";
export { type FeatureStatistics, featureStatistics, frechetDistance } from "./frechet.ts";
export {
  FEWEST_MEASURED,
  type GeneratorMeasures,
  measureGenerator,
  type MeasureOptions,
  MOST_MEASURED,
  type NearestTraining,
  type SourceMeasures,
} from "./measure_generator.ts";
