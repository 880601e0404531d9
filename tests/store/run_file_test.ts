/** The run file of schema 4, byte by byte where that matters: what it keeps, and what it refuses. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { inflateSync } from "node:zlib";
import { InputError } from "../../lib/errors.ts";
import { openRun, readRun, RUN_SCHEMA } from "../../lib/store/mod.ts";
import type { DatasetChunk, UnitRecord } from "../../lib/types.ts";
import { inFolder } from "../in_folder.ts";
import { madeUp } from "../lpips/made_up.ts";
import { deadRecord, exampleChunk, jobRecords, MANIFEST, record, withDataset, withoutDataset } from "./example_run.ts";

const fileOf = (folder: string) => join(folder, "run.sqlite");
const hashOf = (folder: string) => createHash("sha256").update(Deno.readFileSync(fileOf(folder))).digest("hex");

/** Does something to a run's file behind the run's back. */
function alter(folder: string, sql: string): void {
  const db = new DatabaseSync(fileOf(folder));
  db.exec(sql);
  db.close();
}

function makeRun(folder: string): void {
  using run = openRun(folder, MANIFEST);
  for (const job of [0, 1, 2]) run.commitJob(job, jobRecords(job), 1);
  run.commitChunk(exampleChunk(), 1);
}

Deno.test("the schema is 4", () => assert.equal(RUN_SCHEMA, 4));

Deno.test("a unit of numbers that are hard to keep comes back to the last bit", () =>
  inFolder((folder) => {
    const odd = [1 / 3, 5e-324, Number.MAX_VALUE, -Number.MIN_VALUE, 2 ** -1074, 0.1 + 0.2];
    const N = 4;
    const bytes = Uint8Array.from(madeUp(5, N * 5 * 3 * 3), (u) => 256 * u);
    const hard: UnitRecord = {
      layer: "conv1",
      unit: 2,
      stopReason: "maximum",
      flags: ["k_at_limit", "noise_start"],
      images: { count: N, height: 5, width: 3, data: Float32Array.from(bytes, (byte) => byte / 255) },
      activations: [Math.fround(0.1), -1e30, 2 ** -149, 16777217],
      distances: odd,
      pooledDistances: odd.toReversed(),
      embeddings: { rows: N, cols: 3, data: Float32Array.from(madeUp(6, 12), (u, i) => i === 0 ? 2 ** -149 : u - 0.5) },
      score: {
        I: 4,
        K: 3,
        C: 2 / 3,
        D: 0.1 + 0.2,
        S: 1 - 2 ** -53,
        assignments: [2, 0, 1, 0],
        theta: [[0, 1 / 3, 0.5], [1 / 3, 0, 5e-324], [0.5, 5e-324, 0]],
        b: [[1, 0.1 + 0.2, 1], [0.1 + 0.2, 1, 1], [1, 1, 1]],
        candidates: [
          { k: 1, criterion: -Infinity, inertia: 1e300 },
          { k: 2, criterion: NaN, inertia: 1 / 3 },
          { k: 3, criterion: Infinity, inertia: 0 },
        ],
      },
      scoreInterval: { low: 5e-324, high: 1 },
      kShares: { K1: 1 / 3, K2: 2 / 3 - 5e-17, K3: 5e-324 },
      paper: { ...record("conv1", 2).paper!, C: null, S: null, I: 1, assignments: [0] },
      meanAngle: null,
    };
    {
      using run = openRun(folder, MANIFEST);
      run.commitJob(1, [hard], 1 / 3);
      assert.deepEqual(run.unit("conv1", 2), withoutDataset(hard));
    }
    using run = readRun(folder);
    assert.deepEqual(run.unit("conv1", 2), withoutDataset(hard));
    assert.equal(run.jobSeconds(1), 1 / 3);
    const [overview] = run.units();
    assert.deepEqual(overview.activations, hard.activations);
    assert.deepEqual(overview.scoreInterval, hard.scoreInterval);
    assert.deepEqual(overview.kShares, hard.kShares);
    assert.equal(overview.score!.S, 1 - 2 ** -53);
  }));

Deno.test("a chunk of the dataset comes back to the last bit", () =>
  inFolder((folder) => {
    const chunk = exampleChunk();
    const odd = Float32Array.of(2 ** -149, -3.4e38, 1 / 3, Infinity, NaN, -0);
    chunk.layers[0].activations.data.set(odd);
    chunk.layers[0].responses!.data.set(odd.toReversed(), 4);
    {
      using run = openRun(folder, MANIFEST);
      run.commitChunk(chunk, 0.125);
    }
    using run = readRun(folder);
    const range = { from: chunk.from, to: chunk.to };
    assert.deepEqual(run.completedChunks(), [range]);
    assert.deepEqual(run.chunk(range), chunk);
    assert.equal(run.chunkSeconds(range), 0.125);
    assert.deepEqual(run.datasetActivations("conv1"), {
      units: [0, 1, 2],
      activations: chunk.layers[0].activations,
      responses: chunk.layers[0].responses,
    });
    assert.deepEqual(run.datasetActivations("fc1"), {
      units: [5],
      activations: chunk.layers[1].activations,
      responses: null,
    });
    assert.throws(() => run.datasetActivations("fc2"), { name: "RangeError", message: /layer fc2 is not in the plan/ });
  }));

Deno.test("images are bytes R, G, B, image after image, compressed by zlib", () =>
  inFolder((folder) => {
    const images = { count: 3, height: 40, width: 30, data: new Float32Array(3 * 40 * 30 * 3) };
    const bytes = Uint8Array.from(images.data, (_, i) => (i % 3) * 100 + Math.floor(i / 3600));
    bytes.forEach((byte, i) => images.data[i] = byte / 255);
    {
      using run = openRun(folder, MANIFEST);
      run.commitJob(1, [record("conv1", 2, { images })], 1);
    }
    const db = new DatabaseSync(fileOf(folder), { readOnly: true });
    const { rgb } = db.prepare("SELECT rgb FROM pixels").get() as { rgb: Uint8Array };
    db.close();
    assert.deepEqual(new Uint8Array(inflateSync(rgb)), bytes);
    assert.ok(rgb.length < bytes.length / 20, `${rgb.length} bytes of ${bytes.length}`);
    using run = readRun(folder);
    assert.deepEqual(run.unit("conv1", 2)!.images, images);
  }));

Deno.test("a layer may have any text for a name", () =>
  inFolder((folder) => {
    const names = [
      "layer4.0.conv2",
      "/layer1/layer1.0/Conv",
      "a:b",
      "a",
      `it's "x"`,
      "two words",
      "слой ☃ 層",
      "%_; DROP TABLE units; --",
      "",
    ];
    const jobs = names.flatMap((layer) => [{ layer, units: [0, 3] }, { layer, units: [1] }]);
    const matrix = (cols: number, value: number) => ({ rows: 12, cols, data: new Float32Array(12 * cols).fill(value) });
    const chunk: DatasetChunk = {
      from: 0,
      to: 12,
      layers: names.map((layer, i) => ({ layer, activations: matrix(3, i), responses: matrix(3, 2 * i) })),
    };
    const manifest = { ...MANIFEST, jobs };
    {
      using run = openRun(folder, manifest);
      for (const [job, { layer, units }] of jobs.entries()) {
        run.commitJob(job, units.map((unit) => record(layer, unit, { meanAngle: job / 100 })), 1);
      }
      run.commitChunk(chunk, 1);
    }
    openRun(folder, structuredClone(manifest)).close();
    using run = readRun(folder);
    assert.deepEqual(run.manifest.jobs, jobs);
    assert.deepEqual(run.chunk({ from: 0, to: 12 }), chunk);
    assert.deepEqual(run.summary().layers.map(({ layer, units }) => [layer, units]), names.map((name) => [name, 3]));
    assert.deepEqual(
      run.units().map(({ layer, unit }) => [layer, unit]),
      names.flatMap((name) => [0, 1, 3].map((unit) => [name, unit])),
    );
    for (const [i, layer] of names.entries()) {
      for (const [unit, job] of [[0, 2 * i], [3, 2 * i], [1, 2 * i + 1]]) {
        const stored = run.unit(layer, unit)!;
        assert.equal(stored.meanAngle, job / 100);
        assert.equal(stored.datasetMax, i);
        assert.deepEqual(stored.datasetBest[8], { index: 8, activation: i });
      }
      assert.equal(run.datasetActivations(layer)!.responses!.data[0], 2 * i);
      assert.equal(run.unit(layer, 2), null);
    }
  }));

/** What a writer never leaves behind, and what is said of it. Unit 0 is conv1:0, of 3 images of 2 x 1 pixels. */
const HALVES: readonly (readonly [string, RegExp])[] = [
  ["DELETE FROM distances WHERE unit_id = 0", /conv1:0 is incomplete: it has no distances/],
  ["DELETE FROM embeddings WHERE unit_id = 0", /conv1:0 is incomplete: it has no embeddings/],
  ["DELETE FROM pixels WHERE unit_id = 0", /conv1:0 is incomplete: it has no pixels/],
  ["DELETE FROM images WHERE unit_id = 0 AND image = 2", /conv1:0 is incomplete: 2 activations of 3 embedded images/],
  ["DELETE FROM images WHERE unit_id = 0", /conv1:0 is incomplete: 0 activations of 3 embedded images/],
  [
    "UPDATE pixels SET rgb = substr(rgb, 1, length(rgb) - 5) WHERE unit_id = 0",
    /conv1:0 is incomplete: .* decompressed/,
  ],
  ["UPDATE pixels SET rgb = x'00112233' WHERE unit_id = 0", /conv1:0 is incomplete: .* decompressed/],
  ["UPDATE pixels SET rgb = x'' WHERE unit_id = 0", /conv1:0 is incomplete: .* decompressed/],
  ["UPDATE units SET height = 3 WHERE id = 0", /conv1:0 is incomplete: 18 pixel values are not 3 images of 3 x 1/],
  ["UPDATE distances SET lpips = substr(lpips, 1, 16) WHERE unit_id = 0", /incomplete: 2 distances of 3 images/],
  [
    "UPDATE distances SET lpips = substr(lpips, 1, 17) WHERE unit_id = 0",
    /incomplete: 17 bytes are no numbers of 8 each/,
  ],
  ["UPDATE distances SET pooled = substr(pooled, 1, 8) WHERE unit_id = 0", /incomplete: 1 pooled distances beside 3/],
  ["UPDATE distances SET pooled = substr(pooled, 1, 1) WHERE unit_id = 0", /incomplete: 1 bytes are no numbers of 8/],
  ["UPDATE embeddings SET entries = substr(entries, 1, 20) WHERE unit_id = 0", /incomplete: 5 entries are not 3 x 2/],
  [
    "UPDATE embeddings SET entries = substr(entries, 1, 23) WHERE unit_id = 0",
    /incomplete: 23 bytes are no numbers of 4/,
  ],
  [
    "UPDATE embeddings SET rows = 2, entries = substr(entries, 1, 16) WHERE unit_id = 0",
    /3 activations of 2 embedded images/,
  ],
  ["DELETE FROM scores WHERE unit_id = 0 AND rule = 'paper'", /incomplete: one of the two scores is missing/],
  ["DELETE FROM scores WHERE unit_id = 0", /incomplete: it has embeddings and no score/],
  ["DELETE FROM clusters WHERE unit_id = 0 AND rule = 'profile' AND image = 1", /2 assignments and I = 3 of 3 images/],
];

for (const [sql, pattern] of HALVES) {
  Deno.test(`a unit half written is refused in one line, and the file left alone: ${sql}`, () =>
    inFolder((folder) => {
      makeRun(folder);
      alter(folder, sql);
      const before = hashOf(folder);
      // what is missing is found when the run is opened, what is cut when the unit is read
      const read = () => {
        using run = readRun(folder);
        assert.deepEqual(run.unit("conv1", 2), withDataset(jobRecords(1)[0]), "others can be read");
        assert.deepEqual(run.unit("conv1", 1), withDataset(deadRecord("conv1", 1)));
        run.unit("conv1", 0);
      };
      assert.throws(read, (error: Error) => {
        assert.ok(error instanceof InputError, `${error.name}: ${error.message}`);
        assert.match(error.message, pattern);
        assert.match(error.message, /run\.sqlite: unit conv1:0 .*; restore the file, or score into another run$/);
        assert.ok(!error.message.includes("\n"));
        return true;
      });
      assert.equal(hashOf(folder), before);
    }));
}

Deno.test("a run that lacks a unit, a score or a best image is opened neither for reading nor for writing", () =>
  inFolder((folder) => {
    const cases: [string, RegExp][] = [
      [
        "PRAGMA foreign_keys = OFF; DELETE FROM units WHERE id = 0",
        /unit conv1:0 is incomplete: it is missing though its job/,
      ],
      [
        "DELETE FROM scores WHERE unit_id = 0 AND rule = 'profile'",
        /unit conv1:0 is incomplete: one of the two scores/,
      ],
      ["DELETE FROM dataset_best WHERE unit_id = 0 AND rank = 0", /lacks some of the dataset's best images; restore/],
    ];
    for (const [i, [sql, pattern]] of cases.entries()) {
      const directory = join(folder, String(i));
      makeRun(directory);
      const { manifest } = readRun(directory);
      alter(directory, sql);
      const before = hashOf(directory);
      assert.throws(
        () => readRun(directory),
        (error: Error) => error instanceof InputError && pattern.test(error.message),
      );
      assert.throws(
        () => openRun(directory, manifest),
        (error: Error) => error instanceof InputError && pattern.test(error.message),
      );
      assert.equal(hashOf(directory), before);
    }
  }));

for (
  const [sql, pattern] of [
    ["DELETE FROM dataset_activations WHERE layer = 'fc1'", /activations of fc1 on the dataset are missing; restore/],
    [
      "UPDATE dataset_activations SET entries = substr(entries, 1, 40) WHERE layer = 'fc1'",
      /of fc1 .* are cut; restore/,
    ],
    [
      "UPDATE dataset_activations SET entries = substr(entries, 1, 41) WHERE layer = 'fc1'",
      /of fc1 .* are cut; restore/,
    ],
  ] as const
) {
  Deno.test(`a chunk half written is refused in one line, and the file left alone: ${sql}`, () =>
    inFolder((folder) => {
      makeRun(folder);
      alter(folder, sql);
      const before = hashOf(folder);
      {
        using run = readRun(folder);
        for (const read of [() => run.chunk({ from: 0, to: 12 }), () => run.datasetActivations("fc1")]) {
          assert.throws(read, (error: Error) => {
            assert.ok(error instanceof InputError, `${error.name}: ${error.message}`);
            assert.match(error.message, pattern);
            return true;
          });
        }
        assert.equal(run.datasetActivations("conv1")!.units.length, 3);
      }
      assert.equal(hashOf(folder), before);
    }));
}

Deno.test("a file that is refused is left alone: of a newer schema, made with other settings", () =>
  inFolder((folder) => {
    makeRun(folder);
    const refused = (action: () => unknown, pattern: RegExp) => {
      const before = hashOf(folder);
      assert.throws(action, (error: Error) => error instanceof InputError && pattern.test(error.message));
      assert.equal(hashOf(folder), before);
    };
    refused(() => openRun(folder, { ...MANIFEST, seed: 1 }), /seed 0 there, 1 asked/);
    alter(folder, "PRAGMA user_version = 5");
    refused(() => openRun(folder, MANIFEST), /made by a newer polysem \(schema 5, this one reads up to 4\); update/);
    refused(() => readRun(folder), /made by a newer polysem \(schema 5, this one reads up to 4\); update polysem/);
  }));
