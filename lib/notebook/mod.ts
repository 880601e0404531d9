/**
 * What notebooks need beside the stages: a unit with everything loaded, long work with progress, and ways to show results.
 *
 * @module
 */
export { type CellProgress, showProgress } from "./cell_progress.ts";
export { ChartView, showChart } from "./chart_view.ts";
export { type DatasetBest, datasetBest } from "./dataset_best.ts";
export { DISPLAY, type Displayable, type MediaBundle } from "./display.ts";
export { type AscentFrame, followAscent } from "./follow_ascent.ts";
export { ImageBatchView, showImages } from "./image_batch_view.ts";
export { type ImageRow, type ImageRowsOptions, ImageRowsView, showImageRows } from "./image_rows_view.ts";
export { makeImages, type UnitImages } from "./make_images.ts";
export { showScores, showTable, type TableCell, TableView } from "./table_view.tsx";
export { type NotebookParameters, notebookSetting, openWorkbench, smallProfile, Workbench } from "./workbench.ts";
export {
  activationHistogram,
  ascentCurve,
  type AscentPoint,
  type MatrixPanel,
  matrixPanels,
  type NetworkScores,
  scoreByDepth,
  type ScoreCurve,
  scoreCurves,
} from "../report/charts/mod.ts";
export { pairDistances } from "./compare_images.ts";
export { distanceMatrix } from "../pair_distances.ts";
export { openRunData } from "./open_run_data.ts";
export { clusterOptions, imageDistances, scoreByClusters, scoreByImages } from "./score_studies.ts";
export { type EmbeddedUnit, embedUnit } from "./embed_unit.ts";
export { angleMatrix } from "./angles.ts";
export { type NearestImages, nearestImages } from "./nearest_images.ts";
export { makeSampleRun } from "./sample_run.ts";
export { showEmbeddingMap } from "./show_embedding_map.ts";
export { firstRows, selectRows } from "../matrix.ts";
