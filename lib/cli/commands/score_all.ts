/**
 * `polysem score-all`: scores every chosen unit into a run, or goes on with one.
 *
 * @module
 */
import { join } from "node:path";
import type { Command } from "commander";
import { PARTS, type PartSeconds } from "../../cost.ts";
import { messageOf } from "../../errors.ts";
import { unitName, whyUnscored } from "../../run_data.ts";
import { fileName } from "../../file_name.ts";
import type { AdapterFailure, JobStore } from "../../jobs/mod.ts";
import type { Run, RunSummary } from "../../store/mod.ts";
import {
  decimals,
  duration,
  formatTable,
  globalOptions,
  printDetail,
  printNote,
  printResult,
} from "../console/output.ts";
import { otherKernelsNote } from "../console/kernels.ts";
import { Interrupted } from "../console/interruption.ts";
import { createProgress } from "../console/progress.ts";
import { loadScoring, type ScoringContext } from "../options/scoring.ts";
import { type ScoredOptions, withScoredOptions } from "../options/scored.ts";
import { describeChosenModel, refuseUnscorable } from "../options/model.ts";

interface ScoreAllOptions extends ScoredOptions {
  readonly run?: string;
  readonly shard?: string;
  readonly divideDataset?: boolean;
}

/** Adds the command to the program. */
export function registerScoreAll(program: Command): void {
  withScoredOptions(
    program.command("score-all")
      .description(
        "Score units into runs/NAME, all of them or those chosen: visualize, elbow, embed, cluster, score, check. A run " +
          "that was cut goes on where it stopped.",
      )
      .option(
        "--run <name>",
        "name under runs/, or path of a folder (default: MODEL-PROFILE-seedN; where that holds another choice of units, the choice follows, such as -conv2)",
      )
      .option("--shard <i/n>", "score only part i of n, i from 0, such as 0/2 and 1/2; join the parts with merge")
      .option(
        "--divide-dataset",
        "of a shard: show the units only its part of the dataset's images, too; what they do is known once all parts are merged",
      ),
  ).action(async (options: ScoreAllOptions, command: Command) => {
    const began = performance.now();
    const { manifestOf, refuseUnfollowable, selectUnits } = await import("../../pipeline/mod.ts");
    const { createPlan, parseShard } = await import("../../jobs/mod.ts");
    const { kernelsInUse } = await import("../../engine/mod.ts");
    const store = await import("../../store/mod.ts");
    const shard = options.shard === undefined ? { index: 0, count: 1 } : parseShard(options.shard);
    const engine = { threads: 1, deterministic: options.deterministic }; // the cores are for the workers
    const described = await describeChosenModel(options, command, engine);
    refuseUnscorable(described, options.layers, options.units);
    const { name: model, layers, ref } = described;
    const units = selectUnits(layers, options); // before anything is loaded
    const context = await loadScoring(ref, options, command, engine);
    try {
      const { profileName, backend, priceCalibrated } = context;
      for (const { name, why, remedy } of backend.refusedCards ?? []) {
        printNote(command, `note: ${name ?? "a graphics card"} does not compute: ${why}; ${remedy}`);
      }
      const jobs = createPlan(layers, units);
      await refuseUnfollowable(context.network, context.profile, jobs.map(({ layer }) => layer));
      const part = shard.count === 1 ? "" : `-shard${shard.index}of${shard.count}`;
      const usual = store.runDirectory(options.run ?? `${fileName(model)}-${profileName}-seed${options.seed}${part}`);
      const plan = { profileName, jobs, shard, priceCalibrated };
      const manifest = manifestOf(context, plan, backend, kernelsInUse(backend));
      const kinship = options.run === undefined ? store.kinship(usual, manifest) : "same"; // a name given is meant
      const taken = kinship === "other units";
      if (kinship === "other") printNote(command, "note: --run NAME scores into a run of another name");
      const directory = taken ? `${usual}-${selectionName(options)}` : usual;
      using run = store.openRun(directory, manifest);
      run.keepLock();
      if (taken) {
        const units = store.takeOverJobs(usual, run);
        printNote(
          command,
          `note: ${usual} holds another choice of units; this one goes into ${directory} (--run names it otherwise)` +
            (units === 0 ? "" : `, with ${units} unit${units === 1 ? "" : "s"} that are finished there`),
        );
      }
      const pendingChunks = options.divideDataset ? run.pendingChunksOfShard() : run.pendingChunks();
      const scored = run.pendingJobs().length + pendingChunks.length > 0;
      if (scored) {
        const note = otherKernelsNote(directory, run.manifest.kernels, run.kernels);
        if (note !== null) printNote(command, note);
      }
      if (scored) run.addSeconds("start", (performance.now() - began) / 1000);
      const seconds = await scorePending(run, context, options, command);
      const scores = store.writeScores(run);
      const summary = run.summary();
      const report = shard.count === 1 && options.report
        ? await reportOf(scored ? run : null, directory, options, command)
        : {};
      const unscorable = run.units()
        .filter(({ score, stopReason }) => score === null && stopReason !== "dead")
        .map((unit) => ({ unit: unitName(unit), flags: unit.flags, why: whyUnscored(unit) }));
      for (const { unit, why } of unscorable) printNote(command, `note: ${unit} has no score: ${why}`);
      const files = { run: join(directory, store.RUN_FILE), scores, ...report };
      printResult(
        command,
        {
          run: directory,
          profile: profileName,
          embedder: context.embedder.name,
          seconds,
          files,
          ...summary,
          parts: run.partSeconds(),
          unscorable,
        },
        () => summaryText(summary, context, files, seconds),
      );
      printDetail(command, costText(run.partSeconds()));
    } finally {
      context.dispose();
    }
  });
}

/** A choice of units as the end of a run's name, where another choice has the usual name. */
function selectionName({ layers, units, limit, sample }: ScoreAllOptions): string {
  const parts = [layers ?? units ?? "all", limit && `limit${limit}`, sample && `sample${sample}`];
  return fileName(parts.filter((part) => part !== undefined).join("-"));
}

/** A run of whose dataset only the shard's own stretches are to do. */
function withChunksOfShard(run: Run): JobStore {
  return {
    pendingJobs: () => run.pendingJobs(),
    pendingChunks: () => run.pendingChunksOfShard(),
    commitJob: (...args) => run.commitJob(...args),
    commitChunk: (...args) => run.commitChunk(...args),
    addSeconds: (...args) => run.addSeconds(...args),
  };
}

/**
 * Does what is pending of a run, with progress.
 *
 * @returns the seconds that it took.
 */
async function scorePending(
  run: Run,
  context: ScoringContext,
  options: ScoreAllOptions,
  command: Command,
): Promise<number> {
  const { planForDevice, scoreAllHere, scoreAllInWorkers } = await import("../../jobs/mod.ts");
  const { shareDataset } = await import("../../store/mod.ts");
  const { jobs } = run.manifest;
  const pending = run.pendingJobs();
  const total = pending.reduce((sum, job) => sum + jobs[job].units.length, 0);
  const done = run.completedJobs().length;
  if (done > 0) {
    printNote(command, `${run.directory} has ${done} finished ${done === 1 ? "job" : "jobs"}; ${pending.length} to go`);
  }
  const started = performance.now();
  if (run.manifest.shard.count > 1 && !options.divideDataset && shareDataset(run) > 0) {
    printDetail(command, "the dataset's activations were taken over from another shard");
  }
  const { workers, ...device } = await planForDevice(context, context.backend, { jobs, pending, ...options });
  const { quiet } = globalOptions(command);
  const progress = createProgress({ title: "scoring", total, unit: "units", quiet: quiet || total === 0 });
  const events = {
    onDataset: (share: number) => progress.update(0, `the dataset, ${Math.round(100 * share)} %`),
    onProgress: (units: number, layer: string) => progress.update(Math.round(100 * units) / 100, layer),
    onNote: (text: string) => printNote(command, `note: ${text}`),
    onAdapterFailure: ({ why, backend }: AdapterFailure) =>
      printNote(
        command,
        `note: ${why}; what was under way is done again on ${backend}, and so is the rest; what was finished is kept`,
      ),
  };
  printDetail(command, `workers: ${workers}`);
  try {
    progress.update(0); // a signal may have come already
    const store = options.divideDataset ? withChunksOfShard(run) : run;
    if (workers === 1) await scoreAllHere(context, jobs, store, events, device.groups);
    else await scoreAllInWorkers(context.ref, context.backend, workers, jobs, store, events, device);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const kept = run.units().length;
    const planned = kept + run.pendingJobs().flatMap((job) => jobs[job].units).length;
    throw new Interrupted(
      error.signal,
      `${kept} of ${planned} units are finished and kept in ${run.directory}; the same command goes on with the rest`,
    );
  } finally {
    progress.stop();
  }
  return (performance.now() - started) / 1000;
}

/**
 * Writes the run's page. The scores are there whether or not that succeeds.
 *
 * @param run keeps what it took; null for one that was not scored just now.
 */
async function reportOf(
  run: Run | null,
  directory: string,
  { data }: ScoreAllOptions,
  command: Command,
): Promise<{ report?: string }> {
  try {
    const began = performance.now();
    const { writeReport } = await import("./report.ts");
    const { file } = await writeReport(directory, { data }, command);
    run?.addSeconds("report", (performance.now() - began) / 1000);
    return { report: file };
  } catch (error) {
    printNote(command, `report.html was not written: ${messageOf(error)}`);
    return {};
  }
}

/** What the parts of a run took, for reading. */
function costText(parts: PartSeconds): string {
  const whole = PARTS.reduce((sum, part) => sum + parts[part], 0);
  const row = (name: string, seconds: number) => [
    name,
    seconds.toFixed(2),
    whole === 0 ? null : `${(100 * seconds / whole).toFixed(1)} %`,
  ];
  return [
    "What the parts of the run took, in seconds of its workers' time, all calls that scored in it together:",
    formatTable(["part", "seconds", "share"], [...PARTS.map((part) => row(part, parts[part])), row("all", whole)]),
  ].join("\n");
}

function summaryText(
  { layers, jobs }: RunSummary,
  context: ScoringContext,
  files: Readonly<Record<string, string>>,
  seconds: number,
): string {
  const sum = (pick: (layer: RunSummary["layers"][number]) => number | null) =>
    layers.reduce((total, layer) => total + (pick(layer) ?? 0), 0);
  const exceeding = (count: number | null, units: number) => count === null ? null : `${count} of ${units}`;
  const rows = layers.map((layer) => [
    layer.layer,
    layer.units,
    decimals(layer.meanS),
    decimals(layer.spreadS),
    layer.K1,
    layer.K2,
    layer.K3,
    layer.dead,
    exceeding(layer.exceeding, layer.units),
    duration(layer.seconds),
  ]);
  const all = [
    "all",
    sum(({ units }) => units),
    null,
    null,
    sum(({ K1 }) => K1),
    sum(({ K2 }) => K2),
    sum(({ K3 }) => K3),
    sum(({ dead }) => dead),
    exceeding(layers[0]?.exceeding === null ? null : sum(({ exceeding }) => exceeding), sum(({ units }) => units)),
    duration(sum(({ seconds }) => seconds)),
  ];
  const head = ["layer", "units", "mean S", "sd S", "K=1", "K=2", "K>=3", "dead", "exceed dataset", "time"];
  return [
    formatTable(head, [...rows, all]),
    `Profile ${context.profileName}, embedder ${context.embedder.name}, jobs ${jobs.completed} of ${jobs.planned}, ` +
    `this time ${duration(seconds)}.`,
    ...Object.entries(files).map(([what, path]) => `${what}: ${path}`),
  ].join("\n");
}
