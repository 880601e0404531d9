/**
 * What are a unit's images worth to explain it? A metric guesses by them which of two real images excites the unit more.
 *
 * @see Zimmermann et al. (2024), "Measuring mechanistic interpretability at scale without humans"
 * @module
 */
export { choosePairs, type Ends, imagesAtEnds, ONE_IN } from "./choose_images.ts";
export { likeness, shareRight } from "./decide.ts";
export {
  type JudgeContext,
  type JudgedUnit,
  type Judgement,
  judgeUnits,
  REAL,
  type UnitQuestions,
} from "./judge_units.ts";
export {
  type Amounts,
  groupsOf,
  imagesAt,
  MOST_TRAINING_IMAGES,
  refuseTooFew,
  spreadIndices,
  unitsToRead,
} from "./plan_questions.ts";
export { type ImagesEvents, type ImagesPlan, type ImagesStudy, refuseUnlike, runImagesStudy } from "./run_study.ts";
export {
  CHANCE,
  IMAGES_COLUMNS,
  type ImagesDifference,
  type ImagesRow,
  imagesRows,
  type ImagesSetting,
  type ImagesSummary,
  summarizeImages,
  type Whose,
} from "./summarize.ts";
