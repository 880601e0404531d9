/**
 * A run and its exports: one SQLite file per run, written job by job, read at any time.
 *
 * @module
 */
export { EXPORT_FORMATS, type ExportFormat, exportRun } from "./export_run.ts";
export { NULL_COLUMNS, type NullRow, type NullTable, readNullScores, writeNullScores } from "./null_scores.ts";
export { FRESH_COLUMNS, type FreshRow, readFreshShares, writeFreshImages } from "./fresh_images.ts";
export { lockRun } from "./lock.ts";
export { manifestDifferences, otherKernels } from "./manifest.ts";
export { bestImages, type ChunkRange, datasetChunks, plannedUnits } from "./dataset_chunks.ts";
export { LEASE_MILLISECONDS, type LockHolder, lockHolder } from "./lock.ts";
export { type MergeOptions, type MergeResult, mergeRuns } from "./merge_runs.ts";
export { migrateRun, type Migration } from "./migrate_run.ts";
export { openRun, type Run, type RunOptions } from "./run.ts";
export { runDirectory } from "../run_directory.ts";
export { type LayerActivations, readRun, type RunReader, type RunSummary, type StoredUnit } from "./run_reader.ts";
export { type RunProgress, runProgress, type Share } from "./run_progress.ts";
export { RUN_FILE, RUN_SCHEMA } from "./schema.ts";
export { SCORE_COLUMNS, type ScoreColumn, type ScoreRow, scoreRow, scoresCsv, writeScores } from "./scores.ts";
export { readLabels, readMatrix, readRow, writeMatrix } from "./matrix_files.ts";
export { type OpenRunData, readRunData } from "./read_run_data.ts";
export { type Kinship, kinship, takeOverJobs } from "./take_over_jobs.ts";
export { shareDataset } from "./share_dataset.ts";
