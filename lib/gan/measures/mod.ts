/**
 * Is a generator any good? Its measures, each beside that of real images and that of a null.
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
} from "./measure_generator.ts";
export type { SourceMeasures } from "./measure_source.ts";
