/**
 * The commands that are killed, each over small inputs that are made once, and what their results must be.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../../lib/random.ts";
import { writeQuickProfile } from "../cli/refused.ts";
import { randomPng, writeFiles } from "../data/image_files.ts";
import { cardContent, type Content, databaseContent, fileContent, pageContent } from "./content.ts";
import { runHere } from "./here.ts";
import type { ProcessPlan } from "./process.ts";

/** A command to kill. Everything that it writes is in one folder. */
export interface Scenario {
  readonly name: string;
  /** The process that writes into a folder. */
  readonly plan: (folder: string) => ProcessPlan;
  /** What the result in the folder says. */
  readonly content: (folder: string) => Content;
  /** Whether the folder holds something of the result, and whether the last of what is worked for. */
  readonly begun: (folder: string) => boolean;
  readonly done: (folder: string) => boolean;
  /** Whether files of kinds without rules of their own are whole; null where it does not know one. */
  readonly isWhole?: (folder: string, path: string) => boolean | null;
}

/** The commands that are killed; there is a scenario of `report`, too. */
export const NAMES = ["score-all", "train", "merge", "export", "weights fetch"] as const;

/** The scenarios, over inputs in a folder that they share. */
export interface Scenarios {
  readonly all: ReadonlyMap<string, Scenario>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Images that a run starts from and is compared with. */
const IMAGES = 24;

/** How much each command has to do. */
export interface Size {
  /** Units to score: several jobs, of two layers. */
  readonly units: string;
  /** Epochs of ten steps to train; there is a checkpoint every hundred steps. */
  readonly epochs: number;
  /** Workers that score. */
  readonly workers: number;
}

export const WHOLE_SIZE: Size = { units: "conv1:0-5,fc2:0-17", epochs: 25, workers: 2 };
/** Jobs of two layers still, and a training without a checkpoint on its way. */
export const SMALL_SIZE: Size = { units: "conv1:0-1,fc3:0-2", epochs: 2, workers: 1 };
export const QUICK_SIZE: Size = { units: "conv1:0-2,fc2:0-8", epochs: 12, workers: 2 };

/**
 * Makes the inputs.
 *
 * @param withShards whether runs to merge, to export and to report are made, without which there are no such scenarios.
 */
export async function prepareScenarios(
  inputs: string,
  { units, epochs, workers }: Size = WHOLE_SIZE,
  withShards = true,
): Promise<Scenarios> {
  await Deno.mkdir(inputs, { recursive: true });
  const profile = await writeQuickProfile(inputs);
  const data = join(inputs, "images");
  await writeFiles(
    data,
    Object.fromEntries(Array.from({ length: IMAGES }, (_, i) => [`${i}.png`, randomPng(32, 32, "faults", i)])),
  );
  const scoreAll = (run: string, ...more: string[]) => ({
    args: [
      "score-all",
      "--units",
      units,
      "--data",
      data,
      "--profile",
      profile,
      "--run",
      run,
      "--workers",
      String(workers),
      ...more,
    ],
  });
  const shards = [0, 1].map((i) => join(inputs, `shard${i}`));
  const merge = (into: string) => ({ args: ["merge", ...shards, "--into", into] });
  const whole = join(inputs, "whole");
  if (withShards) {
    for (const [i, shard] of shards.entries()) await make(scoreAll(shard, "--shard", `${i}/2`));
    await make(merge(whole));
  }
  const cache = { POLYSEM_CACHE: undefined, XDG_CACHE_HOME: undefined };
  const engine = join(
    Deno.env.get("POLYSEM_CACHE") || join(Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache"), "polysem"),
    "engine",
  );
  const server = serveSlowly();
  const runContent = (folder: string): Content =>
    new Map([
      ...fileContent(join(folder, "run"), ["scores.csv"]),
      ...pageContent(join(folder, "run", "report.html")),
      ...databaseContent(join(folder, "run", "run.sqlite")),
    ]);
  const model = (folder: string, file: string) => join(folder, "models", "lenet5-cifar10", file);

  const all: Scenario[] = [
    {
      name: "score-all",
      plan: (folder) => scoreAll(join(folder, "run")),
      content: runContent,
      begun: (folder) => existsSync(join(folder, "run", "run.sqlite")),
      done: (folder) => existsSync(join(folder, "run", "scores.csv")),
    },
    {
      name: "train",
      plan: (folder) => {
        const own = join(folder, "cache"); // where checkpoints go
        Deno.mkdirSync(own, { recursive: true });
        if (!existsSync(join(own, "engine"))) Deno.symlinkSync(engine, join(own, "engine"));
        return {
          args: ["train", "lenet5-cifar10", "--epochs", String(epochs), "--out", join(folder, "models")],
          env: { ...cache, POLYSEM_CACHE: own },
        };
      },
      content: (folder) =>
        new Map([
          ...fileContent(join(folder, "models"), ["index.json", "lenet5-cifar10/weights.safetensors"]),
          ...cardContent(model(folder, "card.md")),
        ]),
      begun: (folder) => existsSync(join(folder, "cache", "checkpoints", "lenet5-cifar10.safetensors")),
      done: (folder) => existsSync(model(folder, "weights.safetensors")),
    },
    {
      name: "merge",
      plan: (folder) => merge(join(folder, "run")),
      content: (folder) =>
        new Map([
          ...fileContent(join(folder, "run"), ["scores.csv"]),
          ...databaseContent(join(folder, "run", "run.sqlite"), true),
        ]),
      begun: (folder) => existsSync(join(folder, "run", "run.sqlite")),
      done: (folder) => existsSync(join(folder, "run", "scores.csv")),
    },
    {
      name: "export",
      plan: (folder) => ({
        args: ["export", whole, "--format", "json", "--out", join(folder, "scores.json")],
      }),
      content: (folder) => fileContent(folder, ["scores.json"]),
      begun: (folder) => [...Deno.readDirSync(folder)].length > 0,
      done: (folder) => existsSync(join(folder, "scores.json")),
    },
    {
      name: "report",
      plan: (folder) => ({
        args: ["report", whole, "--data", data, "--out", join(folder, "report.html")],
      }),
      content: (folder) => fileContent(folder, ["report.html"]),
      begun: (folder) => [...Deno.readDirSync(folder)].length > 0,
      done: (folder) => existsSync(join(folder, "report.html")),
    },
    {
      name: "weights fetch",
      plan: (folder) => ({
        args: ["weights", "fetch", "official"],
        env: {
          POLYSEM_FAULTS_WEIGHTS: JSON.stringify([{
            name: "official",
            about: "made up",
            licence: "MIT",
            files: [{ path: join(folder, "weights.pth"), ...server.file }],
          }]),
        },
        network: server.host,
      }),
      content: (folder) => fileContent(folder, ["weights.pth"]),
      begun: (folder) => existsSync(join(folder, "weights.pth.part")),
      done: (folder) => existsSync(join(folder, "weights.pth")),
      isWhole: (folder, path) => {
        if (path !== "weights.pth") return null;
        return createHash("sha256").update(Deno.readFileSync(join(folder, path))).digest("hex") === server.file.sha256;
      },
    },
  ];
  const known = withShards ? all : all.filter(({ name }) => !["merge", "export", "report"].includes(name));
  return {
    all: new Map(known.map((scenario) => [scenario.name, scenario])),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function make(plan: ProcessPlan): Promise<void> {
  const { code, err } = await runHere(plan);
  if (code !== 0) throw new Error(`${plan.args.join(" ")}: ${err}`);
}

/** Size of the file that is downloaded, and how it comes: in pieces, with pauses, so that there are moments in between. */
const DOWNLOAD_BYTES = 4_000_000;
const PIECE_BYTES = 100_000;
const PAUSE_MILLISECONDS = 15;

/** A server of one file, which knows ranges. */
function serveSlowly() {
  const random = createRandom("faults", "download");
  const content = Uint8Array.from({ length: DOWNLOAD_BYTES }, () => random.integer(0, 255));
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    let at = from;
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
        controller.enqueue(content.slice(at, at += PIECE_BYTES));
        if (at >= content.length) controller.close();
      },
    });
    const headers = { "content-length": String(content.length - from) };
    if (from === 0) return new Response(body, { headers });
    const range = `bytes ${from}-${content.length - 1}/${content.length}`;
    return new Response(body, { status: 206, headers: { ...headers, "content-range": range } });
  });
  const host = `127.0.0.1:${server.addr.port}`;
  const file = {
    url: `http://${host}/weights.pth`,
    bytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
  };
  return { host, file, close: () => server.shutdown() };
}
