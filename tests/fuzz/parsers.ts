/**
 * What reads files that come from somewhere else: valid files to begin with, how they are mutated, and what is read of a
 * mutant. A reader throws `InputError`, or what it gives must be what the file says.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inputFileOf, readInputFile } from "../../lib/cli/options/input_file.ts";
import { CIFAR10_BATCHES, cifar10Directory, openDataset } from "../../lib/data/mod.ts";
import { readMasks } from "../../lib/gan/masks/mod.ts";
import { decodeImage, encodePng, imageSize, readPng } from "../../lib/images/mod.ts";
import { readOnnx } from "../../lib/networks/onnx/reading/read_onnx.ts";
import { encodeNpy } from "../../lib/npy.ts";
import { loadProfile, priceFor } from "../../lib/pipeline/mod.ts";
import { CALIBRATED, PAPER } from "../../lib/pipeline/profile.ts";
import {
  datasetChunks,
  exportRun,
  FRESH_COLUMNS,
  NULL_COLUMNS,
  openRun,
  readFreshShares,
  readLabels,
  readMatrix,
  readNullScores,
  readRun,
  readRunData,
} from "../../lib/store/mod.ts";
import { toCsv } from "../../lib/csv.ts";
import type { ImageBatch } from "../../lib/types.ts";
import { encodeSafetensors } from "../../lib/weights/mod.ts";
import { loadWeights } from "../../lib/weights/load_weights.ts";
import { exampleChunk, jobRecords, MANIFEST, withDataset } from "../store/example_run.ts";
import { writeOldRun } from "../store/old_run.ts";
import { mutateBytes } from "./bytes.ts";
import {
  mutateCsv,
  mutateJpeg,
  mutateNpy,
  mutatePickle,
  mutatePng,
  mutateSafetensors,
  mutateZip,
} from "./containers.ts";
import type { Bytes, Draw } from "./draw.ts";
import { mutateProtobuf } from "./protobuf.ts";
import { mutateRunFile } from "./run_files.ts";
import { type Json, mutatedJsonText } from "./values.ts";

/** One kind of file. */
export interface Parser {
  readonly name: string;
  /** Valid files; `folder` is one to make some in. */
  readonly corpus: (folder: string) => Promise<Bytes[]>;
  /** Makes a mutant of a file; `folder` is one to work in. */
  readonly mutate: (bytes: Bytes, others: readonly Bytes[], draw: Draw, folder: string) => Bytes;
  /** Puts the mutant where it is read, in a folder of its own. */
  readonly place: string;
  /** Reads it, and asserts that what is read makes sense. */
  readonly read: (path: string, folder: string) => Promise<void>;
  /** Prepares the folder, once; and the thread, as by starting an engine. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** A command that reads such a file, where one does. */
  readonly command?: (path: string, folder: string) => readonly string[];
}

const ROOT = join(import.meta.dirname!, "..", "..");
const fixtures = (room: string, ending: string): Bytes[] =>
  readdirSync(join(ROOT, "fixtures", room)).filter((name) => name.endsWith(ending)).sort()
    .map((name) => new Uint8Array(readFileSync(join(ROOT, "fixtures", room, name))));

const text = (content: string): Bytes => new TextEncoder().encode(content);
const jsonOf = (bytes: Bytes): Json => JSON.parse(new TextDecoder().decode(bytes)) as Json;

/** Bytes as they are half of the time, else by their structure. */
function either(structured: Parser["mutate"]): Parser["mutate"] {
  return (bytes, others, draw, folder) => {
    if (draw.chance(35)) return mutateBytes(bytes, others, draw);
    try {
      return structured(bytes, others, draw, folder);
    } catch { // the mutation met a file that has no such structure
      return mutateBytes(bytes, others, draw);
    }
  };
}

const mutateDocument = either((bytes, _, draw) => text(mutatedJsonText(jsonOf(bytes), draw)));

function assertImages({ count, height, width, data }: ImageBatch): void {
  assert.ok(count >= 1 && height >= 1 && width >= 1);
  assert.equal(data.length, count * height * width * 3);
  assert.ok(data.every((value) => value >= 0 && value <= 1), "a pixel is outside [0, 1]");
}

function assertShape({ shape, data }: { readonly shape: readonly number[]; readonly data: ArrayLike<number> }): void {
  assert.ok(shape.every((n) => Number.isSafeInteger(n) && n >= 0));
  assert.equal(data.length, shape.reduce((product, n) => product * n, 1));
}

const gradient = (height: number, width: number): ImageBatch => ({
  count: 1,
  height,
  width,
  data: Float32Array.from({ length: height * width * 3 }, (_, i) => (i * 7 % 256) / 255),
});

const embeddings = encodeNpy({
  shape: [12, 4],
  data: Float64Array.from({ length: 48 }, (_, i) => Math.sin(i) + (i % 4)),
});

/** Reads all of a run that commands do. */
async function readWholeRun(folder: string): Promise<void> {
  {
    using run = readRun(folder);
    for (const { layer, unit } of run.units()) {
      const record = run.unit(layer, unit)!;
      assertImages({
        ...record.images,
        count: Math.max(1, record.images.count),
        data: record.images.count === 0
          ? new Float32Array(record.images.height * record.images.width * 3)
          : record.images.data,
      });
      assert.equal(record.activations.length, record.images.count);
      for (const score of [record.score, record.paper]) {
        if (score === null) continue;
        assert.ok(score.theta.length === score.K && score.theta.every((row) => row.length === score.K));
        assert.ok(score.assignments.every((k) => Number.isInteger(k) && k >= 0 && k < score.K));
        for (const value of [score.D, score.S]) assert.ok(value === null || (value >= 0 && value <= 1));
      }
    }
    run.summary();
    run.partSeconds();
    for (const format of ["csv", "parquet", "json"] as const) exportRun(run, format);
    for (const range of run.completedChunks()) run.chunk(range);
    if (datasetChunks(run.manifest).length > 0) {
      for (const { layer } of run.manifest.jobs) run.datasetActivations(layer);
    }
  }
  {
    using data = await readRunData(folder, () => Promise.resolve(null));
    for (const { layer, unit } of data.units) data.unit(layer, unit);
  }
  openRun(folder, MANIFEST).close();
}

function runFiles(folder: string): Promise<Bytes[]> {
  const now = join(folder, "now");
  {
    using run = openRun(now, MANIFEST);
    for (const job of [0, 1, 2]) run.commitJob(job, jobRecords(job), 1.5, { parts: { ascent: 1 } });
    run.commitChunk(exampleChunk(), 1);
  }
  const jobs = new Map([0, 1, 2].map((job) => [job, { units: jobRecords(job).map(withDataset), seconds: 1.5 }]));
  for (const schema of [1, 2, 3] as const) writeOldRun(join(folder, `old${schema}`), MANIFEST, schema, jobs);
  const names = ["now", "now", "now", "old1", "old2", "old3"]; // most files are of the present schema
  return Promise.resolve(names.map((name) => Deno.readFileSync(join(folder, name, "run.sqlite"))));
}

/** An .onnx file is read to the last tensor. */
function readTensors(path: string): Promise<void> {
  const { graph } = readOnnx(path);
  for (const stored of graph.constants.values()) assertShape(stored.read());
  return Promise.resolve();
}

const RUN_TABLES = {
  fresh: toCsv(FRESH_COLUMNS, [
    {
      ...{ layer: 'it\'s "one", two', unit: 3, K: 2, S: .5, S_low: .4, S_high: .6, K1_share: .1, K2_share: .9 },
      ...{ K3_share: 0, fresh_sets: 4, fresh_K1_share: .25, fresh_K2_share: .75, fresh_K3_share: 0 },
      ...{ fresh_S_mean: .5, fresh_S_min: .4, fresh_S_max: .6 },
    },
  ]),
  null: toCsv(NULL_COLUMNS, [
    { layer: "conv1", unit: 0, K: 2, S: .5, null: "random", null_K: 1, null_S: 0 },
    { layer: "conv1", unit: 1, K: 1, S: 0, null: "random", null_K: null, null_S: null },
  ]),
};

/** The kinds of files, in the order of a table. */
export const PARSERS: readonly Parser[] = [
  {
    name: "png",
    corpus: () => Promise.resolve(fixtures("png", ".png")),
    mutate: either(mutatePng),
    place: "image.png",
    read: async (path) => assertImages(await readPng(path)),
    command: (path) => ["lpips", path, path],
  },
  {
    name: "jpeg",
    corpus: () => Promise.resolve(fixtures("jpeg", ".jpg")),
    mutate: either(mutateJpeg),
    place: "image.jpg",
    read: async (path) => {
      const bytes = Deno.readFileSync(path);
      const { height, width } = imageSize(bytes, path);
      const image = await decodeImage(bytes, path);
      assert.deepEqual([image.height, image.width], [height, width]);
      assertImages(image);
    },
  },
  {
    name: "npy",
    corpus: () => Promise.resolve([embeddings, embeddings, ...fixtures("npy", ".npy")]),
    mutate: either(mutateNpy),
    place: "matrix.npy",
    read: async (path) => {
      const { rows, cols, data } = await readMatrix(path);
      assertShape({ shape: [rows, cols], data });
      assert.ok(data.every(Number.isFinite));
    },
    command: (path) => ["score-embeddings", path],
  },
  {
    name: "csv",
    corpus: () =>
      Promise.resolve([
        text("1.5,2\n-3,4e1\n0,.5\n"),
        text("a,b,c\n1,2,3\n4,5,6\n7,8,9\n"),
        text(',"x","y"\n0,1.5,2\n1,2.5,4\n2,1,1\n'),
        text("0,1,2\r\n1.5,2.25,3\r\n2.5,1,3\r\n1,1.5,2\r\n"),
        text(Array.from({ length: 40 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${i / 40}`).join("\n")),
      ]),
    mutate: mutateCsv,
    place: "matrix.csv",
    read: async (path) => {
      const { rows, cols, data } = await readMatrix(path);
      assertShape({ shape: [rows, cols], data });
      assert.ok(data.every(Number.isFinite));
    },
    command: (path) => ["score-embeddings", path],
  },
  {
    name: "labels",
    corpus: () =>
      Promise.resolve([
        text("0\n1\n2\n1\n0\n2\n0\n1\n2\n0\n1\n1\n"),
        text("label\n0\n1\n2\n1\n0\n2\n0\n1\n2\n0\n1\n1\n"),
        encodeNpy({ shape: [12], data: Float32Array.from({ length: 12 }, (_, i) => i % 3) }),
      ]),
    mutate: (bytes, others, draw, folder) =>
      bytes[0] === 0x93 ? either(mutateNpy)(bytes, others, draw, folder) : mutateCsv(bytes, others, draw),
    place: "labels",
    read: async (path) => {
      const labels = await readLabels(path, 12);
      assert.ok(labels.length === 12 && labels.every((label) => Number.isSafeInteger(label) && label >= 0));
    },
    prepare: (folder) => Deno.writeFile(join(folder, "embeddings.npy"), embeddings),
    command: (path, folder) => ["score-embeddings", join(folder, "embeddings.npy"), "--labels", path],
  },
  {
    name: "images.npy",
    corpus: () =>
      Promise.resolve([
        encodeNpy({ shape: [30, 8, 8, 3], data: new Float32Array(30 * 192).map((_, i) => (i % 97) / 96) }),
        encodeNpy({ shape: [24, 9, 8], data: new Float64Array(24 * 72).map((_, i) => (i % 11) / 10) }),
      ]),
    mutate: either(mutateNpy),
    place: "images.npy",
    read: async (_, folder) => {
      const { train, test } = await openDataset({ kind: "arrays", directory: folder });
      for (const part of [train, test]) assertImages(await part.images([0, part.count - 1]));
    },
    command: (_, folder) => ["visualize", "conv1:0", "--data", folder, "--out", join(folder, "out")],
  },
  {
    name: "folder of images",
    corpus: () =>
      Promise.resolve([
        Uint8Array.from(encodePng(gradient(32, 40))),
        ...fixtures("jpeg", ".jpg"),
        ...fixtures("png", ".png"),
      ]),
    mutate: (bytes, others, draw, folder) =>
      (bytes[0] === 0x89 ? either(mutatePng) : either(mutateJpeg))(bytes, others, draw, folder),
    place: "data/mutant.png",
    prepare: async (folder) => {
      await Deno.mkdir(join(folder, "data"));
      for (let i = 0; i < 30; i++) {
        await Deno.writeFile(join(folder, "data", `${i}.png`), encodePng(gradient(32, 32 + i)));
      }
    },
    read: async (_, folder) => {
      const { train, test } = await openDataset({ kind: "images", directory: join(folder, "data") });
      for (const part of [train, test]) {
        assertImages(await part.images(Array.from({ length: part.count }, (_, i) => i)));
      }
    },
    command: (_, folder) => ["visualize", "conv1:0", "--data", join(folder, "data"), "--out", join(folder, "out")],
  },
  {
    name: "cifar",
    corpus: () => Promise.resolve([new Uint8Array()]),
    mutate: (_, __, draw) => draw.bytes(40), // what is done to the file, below
    place: "choices",
    read: (path, folder) => readCifar(path, folder),
    prepare: async (folder) => {
      await Deno.mkdir(join(folder, "cifar"));
      for (const { name } of CIFAR10_BATCHES) {
        await Deno.symlink(join(cifar10Directory(), `${name}.bin`), join(folder, "cifar", `${name}.bin`));
      }
    },
  },
  {
    name: "mask",
    corpus: () =>
      Promise.resolve([
        ...fixtures("png", ".png"),
        encodeNpy({ shape: [32, 32], data: Float32Array.from({ length: 1024 }, (_, i) => i % 32 < 9 ? 1 : 0) }),
      ]),
    mutate: (bytes, others, draw, folder) =>
      (bytes[0] === 0x89 ? either(mutatePng) : either(mutateNpy))(bytes, others, draw, folder),
    place: "mask.png",
    read: async (path) => {
      const [{ mask }] = await readMasks([path]);
      assert.ok(mask.length === 1024 && mask.every((value) => value >= 0 && value <= 1));
    },
    command: (path, folder) => ["generate", "--mask", path, "--out", join(folder, "out")],
  },
  {
    name: "safetensors",
    corpus: () => {
      const data = Float32Array.from({ length: 24 }, (_, i) => i / 8);
      const tensors = {
        a: { shape: [2, 3, 4], data },
        b: { shape: [], data: data.slice(0, 1) },
        c: { shape: [0], data: data.slice(0, 0) },
      };
      return Promise.resolve([
        encodeSafetensors(tensors, { key: "value" }),
        encodeSafetensors(tensors, {}, "F16"),
        ...fixtures("pth", ".safetensors"),
      ]);
    },
    mutate: either(mutateSafetensors),
    place: "weights.safetensors",
    read: async (path) => (await loadWeights(path)).forEach(assertShape),
    command: (
      path,
      folder,
    ) => ["score-unit", "fc3:0", "--model-weights", path, "--no-data", "--out", join(folder, "out")],
  },
  {
    name: "pth",
    corpus: () => Promise.resolve(fixtures("pth", ".pth")),
    mutate: either((bytes, others, draw) =>
      bytes[0] === 0x50 ? mutateZip(bytes, others, draw) : mutatePickle(bytes, draw)
    ),
    place: "weights.pth",
    read: async (path) => (await loadWeights(path)).forEach(assertShape),
    command: (
      path,
      folder,
    ) => ["score-unit", "fc3:0", "--model-weights", path, "--no-data", "--out", join(folder, "out")],
  },
  {
    name: "onnx",
    corpus: () => Promise.resolve(fixtures("onnx", ".onnx").filter(({ length }) => length < 20_000)),
    mutate: either(mutateProtobuf),
    place: "model.onnx",
    read: readTensors,
  },
  {
    name: "onnx data",
    corpus: () => Promise.resolve([new Uint8Array(readFileSync(join(ROOT, "fixtures/onnx/resnet.unfused.onnx")))]),
    mutate: (bytes, others, draw) => mutateProtobuf(bytes, others, draw),
    place: "resnet.unfused.onnx",
    prepare: (folder) =>
      Deno.copyFile(
        join(ROOT, "fixtures/onnx/resnet.unfused.onnx.data"),
        join(folder, "resnet.unfused.onnx.data"),
      ),
    read: readTensors,
  },
  {
    name: "onnx network",
    corpus: () => Promise.resolve(fixtures("onnx", ".onnx").filter(({ length }) => length < 20_000)),
    mutate: (bytes, others, draw) => mutateProtobuf(bytes, others, draw),
    place: "model.onnx",
    prepare: async () => {
      const { useBackend } = await import("../../lib/engine/mod.ts");
      await useBackend();
    },
    read: async (path) => {
      const { describeOnnx } = await import("../../lib/networks/onnx/mod.ts");
      const { layers, input } = await describeOnnx(path, {});
      assert.ok(input.height >= 1 && input.height <= 4096 && input.width >= 1 && input.width <= 4096);
      for (const { name, units } of layers) {
        assert.ok(typeof name === "string" && Number.isSafeInteger(units) && units >= 0);
      }
    },
    command: (path) => ["layers", path],
  },
  {
    name: "profile",
    corpus: () =>
      Promise.resolve([
        text(JSON.stringify({ extends: "calibrated-2", visualize: { steps: 4 }, elbow: { minImages: 5 } })),
        text(JSON.stringify(CALIBRATED)),
        text(JSON.stringify(PAPER)),
      ]),
    mutate: mutateDocument,
    place: "profile.json",
    read: async (path) => {
      const { profile } = await loadProfile(path);
      assert.deepEqual(Object.keys(profile), Object.keys(CALIBRATED));
      const finite = (value: unknown): boolean =>
        typeof value === "number"
          ? Number.isFinite(value)
          : typeof value !== "object" || value === null || Object.values(value).every(finite);
      assert.ok(finite(profile));
    },
    command: (path) => ["score-all", "--profile", path],
  },
  {
    name: "sidecar",
    corpus: () =>
      Promise.resolve([
        text(JSON.stringify({ size: 32, mean: [.5, .4, .3], std: .2, range: [0, 255], colours: "bgr" })),
        text(JSON.stringify({ size: { height: 4, width: 5 }, classes: ["a", "b"], tensor: "x", pool: "mean" })),
      ]),
    mutate: mutateDocument,
    place: "model.json",
    read: async (path) => {
      const { input, classes = [] } = await readInputFile(path);
      assert.ok([...input.mean ?? [], ...input.std ?? []].every(Number.isFinite));
      assert.ok(classes.every((name) => typeof name === "string"));
    },
    prepare: (folder) => Deno.copyFile(join(ROOT, "fixtures/onnx/lenet.script.onnx"), join(folder, "model.onnx")),
    command: (_, folder) => ["layers", join(folder, "model.onnx")],
  },
  {
    name: "calibration",
    corpus: () =>
      Promise.resolve([new Uint8Array(readFileSync(join(ROOT, "models/resnet18-cifar10/calibration.json")))]),
    mutate: mutateDocument,
    place: "embedder.calibration.json",
    read: async (path) => {
      assert.equal(inputFileOf("a.onnx"), "a.json");
      const file = path.replace(".calibration.json", ".onnx");
      const { profile } = await priceFor(CALIBRATED, { kind: "onnx", file }, "0".repeat(64));
      assert.ok(Number.isFinite(profile.cluster.beta));
    },
  },
  {
    name: "networks.json",
    corpus: () => Promise.resolve([new Uint8Array(readFileSync(join(ROOT, "models/taught-cifar10/networks.json")))]),
    mutate: mutateDocument,
    place: "networks.json",
    read: async (_, folder) => {
      const { listTaughtNetworks } = await import("../../lib/validate/trained/networks.ts");
      for (const { file, name } of await listTaughtNetworks(folder)) {
        assert.ok(!file.includes("/") && !file.startsWith(".") && !name.includes("/"));
      }
    },
    command: (_, folder) => ["validate", "trained", "--networks", folder, "--out", join(folder, "out")],
  },
  {
    name: "run.sqlite",
    corpus: runFiles,
    mutate: (bytes, others, draw, folder) => mutateRunFile(join(folder, "work.sqlite"), bytes, others, draw),
    place: "run/run.sqlite",
    prepare: (folder) => Deno.mkdir(join(folder, "run")),
    read: (_, folder) => readWholeRun(join(folder, "run")),
    command: (_, folder) => ["export", join(folder, "run"), "--format", "json", "--out", join(folder, "out.json")],
  },
  {
    name: "tables of a run",
    corpus: () => Promise.resolve([text(RUN_TABLES.fresh), text(RUN_TABLES.null)]),
    mutate: mutateCsv,
    place: "fresh_images.csv",
    read: async (path, folder) => {
      await Deno.copyFile(path, join(folder, "null_scores.csv"));
      const isFresh = new TextDecoder().decode(Deno.readFileSync(path)).includes("fresh_sets");
      if (isFresh) {
        for (const [, { sets, K1 }] of readFreshShares(folder)) assert.ok(sets >= 0 && K1 >= 0 && K1 <= 1);
      } else {
        for (const { unit, S } of readNullScores(folder)?.units ?? []) assert.ok(unit >= 0 && S >= 0 && S <= 1);
      }
    },
  },
];

/**
 * What a list of bytes does to one of CIFAR-10's files of 30 MB: most often it is made shorter or longer. The others are links to
 * those of the cache.
 */
async function readCifar(choices: string, folder: string): Promise<void> {
  const [which = 0, what = 0, ...bytes] = Deno.readFileSync(choices);
  const { name } = CIFAR10_BATCHES[which < 250 ? 0 : which % CIFAR10_BATCHES.length]; // those before it are read whole
  const path = join(folder, "cifar", `${name}.bin`);
  const original = join(cifar10Directory(), `${name}.bin`);
  const { size } = Deno.statSync(original);
  const number = bytes.reduce((sum, byte) => (sum * 256 + byte) % size, 0);
  const choice = bytes.length === 0 ? 3 : what % 40;
  Deno.removeSync(path);
  try {
    if (choice === 0) { // some bytes are others
      Deno.copyFileSync(original, path);
      using file = Deno.openSync(path, { write: true });
      file.seekSync(number, Deno.SeekMode.Start);
      file.writeSync(Uint8Array.from(bytes.length > 0 ? bytes : [1]).subarray(0, size - number));
    } else if (choice === 1) Deno.mkdirSync(path);
    else {
      Deno.writeFileSync(path, Uint8Array.from(bytes));
      Deno.truncateSync(path, choice === 2 ? size + number % 1000 : number % 100_000);
    }
    await openDataset({ kind: "cifar10", directory: join(folder, "cifar") });
  } finally {
    Deno.removeSync(path);
    Deno.symlinkSync(original, path);
  }
}
