/** Small files that ask for a lot: each is read or refused in less than ten seconds and 1 GB, whatever it claims. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deflateSync } from "node:zlib";
import { zipSync } from "fflate";
import { makeRun } from "../store/example_run.ts";
import { floats, ints, value, writeModel } from "../networks/onnx/write_model.ts";
import { inFolder } from "../in_folder.ts";
import { joined } from "./bytes.ts";
import { pngHeader, pngOf } from "./containers.ts";
import type { Bytes } from "./draw.ts";
import { MOST_BYTES, MOST_SECONDS, type Outcome } from "./outcome.ts";

/** Reads a file in a process of its own. */
async function readBomb(parser: string, file: string): Promise<Omit<Outcome, "index">> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "run",
        "--no-check",
        "-A",
        "--v8-flags=--expose-gc",
        join(import.meta.dirname!, "read_file.ts"),
        parser,
        file,
      ],
    ],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** A bomb: what it is, which parser it is for, and what comes of it. */
function bomb(what: string, parser: string, bytes: () => Bytes | Promise<Bytes>, expected: "accepted" | RegExp): void {
  Deno.test(`${what} is defused`, () =>
    inFolder(async (folder) => {
      const file = join(folder, "bomb");
      await Deno.writeFile(file, await bytes());
      assert.ok((await Deno.stat(file)).size < 1_200_000);
      const { kind, message, fault, milliseconds, bytes: held } = await readBomb(parser, file);
      assert.equal(fault, null);
      assert.ok(milliseconds < 1000 * MOST_SECONDS && held < MOST_BYTES);
      if (expected === "accepted") assert.equal(kind, "accepted", message);
      else assert.match(message, expected);
    }));
}

/** A PNG of zeros, with all the pixels that its header says. */
function zeros(
  width: number,
  height: number,
  depth: number,
  colour: number,
  channels: number,
  more: [string, Bytes][] = [],
) {
  const rows = new Uint8Array(height * (1 + Math.ceil(width * channels * depth / 8)));
  return pngOf([
    ["IHDR", pngHeader(width, height, depth, colour)],
    ...more,
    ["IDAT", deflateSync(rows, { level: 9 })],
    ["IEND", new Uint8Array()],
  ]);
}

const transparent = (bytes: number[]): [string, Bytes][] => [["tRNS", Uint8Array.from(bytes)]];
const hasTransparent = /has transparent pixels/;

bomb("a PNG of 25 million pixels", "png", () => zeros(5000, 5000, 8, 2, 3), "accepted");
bomb("a PNG of 25 million pixels of a bit each", "png", () => zeros(5000, 5000, 1, 0, 1), "accepted");
bomb(
  "a PNG of 25 million transparent pixels",
  "png",
  () => zeros(5000, 5000, 8, 2, 3, transparent([0, 0, 0, 0, 0, 0])),
  hasTransparent,
);
bomb("a PNG of 12 million pixels of 64 bits", "png", () => zeros(2500, 5000, 16, 6, 4), hasTransparent);
bomb("a PNG of 25 million pixels of 64 bits", "png", () => zeros(5000, 5000, 16, 6, 4), /is over 12500000 pixels/);
bomb("a PNG of 33 million pixels", "png", () => zeros(4096, 8192, 1, 0, 1), /is over 25000000 pixels/);
bomb("a PNG of 25 million pixels as a mask", "mask", () => zeros(5000, 5000, 16, 0, 1), /is empty/);
bomb("a PNG that decompresses to 300 MB", "png", () => {
  const idat = deflateSync(new Uint8Array(3e8), { level: 9 });
  return pngOf([["IHDR", pngHeader(8, 8, 8, 2)], ["IDAT", idat], ["IEND", new Uint8Array()]]);
}, /do not decompress to the size/);
bomb("a PNG of 4 billion by 4 billion pixels", "png", () => {
  const header = pngHeader(2 ** 32 - 1, 2 ** 32 - 1, 8, 2);
  return pngOf([["IHDR", header], ["IDAT", deflateSync(new Uint8Array(9))], ["IEND", new Uint8Array()]]);
}, /is over 25000000 pixels/);

/** fixtures/jpeg/progressive.jpg with another size, and its last scan so many times more. */
async function progressive(side: number, scans: number): Promise<Bytes> {
  const bytes = await Deno.readFile(join(import.meta.dirname!, "..", "..", "fixtures", "jpeg", "progressive.jpg"));
  const view = new DataView(bytes.buffer);
  const frame = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xc2);
  view.setUint16(frame + 5, side);
  view.setUint16(frame + 7, side);
  const last = bytes.findLastIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xda);
  const scan = bytes.subarray(last, -2);
  return joined(bytes.subarray(0, -2), ...Array.from({ length: scans }, () => scan), bytes.subarray(-2));
}

bomb("a JPEG of 25 million pixels", "jpeg", () => progressive(5000, 0), /premature end/);
bomb("a JPEG of 40,000 scans of 25 million pixels", "jpeg", () => progressive(5000, 40_000), /scans, over 100/);

bomb("a .pth file whose pickle is compressed", "pth", () => {
  return new Uint8Array(zipSync({ "archive/data.pkl": new Uint8Array(3e8) }, { level: 9 }));
}, /is compressed/);
bomb("a .pth file whose directory claims 4 GB", "pth", () => {
  const bytes = new Uint8Array(zipSync({ "archive/data.pkl": new Uint8Array(100) }, { level: 0 }));
  const view = new DataView(bytes.buffer);
  const entry = bytes.findLastIndex((_, i) => i + 4 <= bytes.length && view.getUint32(i, true) === 0x02014b50);
  view.setUint32(entry + 20, 2 ** 32 - 2, true);
  view.setUint32(entry + 24, 2 ** 32 - 2, true);
  return bytes;
}, /claim more bytes|not readable/);

bomb("a .safetensors file that claims a header of 90 MB", "safetensors", () => {
  const bytes = new Uint8Array(64);
  new DataView(bytes.buffer).setBigUint64(0, 90_000_000n, true);
  bytes[8] = 0x7b;
  return bytes;
}, /but only 56 follow/);
bomb("a .npy file of a shape of 10^15 numbers", "npy", () => {
  const header = "{'descr': '<f8', 'fortran_order': True, 'shape': (100000000, 10000000), }".padEnd(117) + "\n";
  return joined([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, header.length, 0], new TextEncoder().encode(header));
}, /needs 8000000000000000 bytes/);
bomb(
  "a line of half a million quotes and commas",
  "csv",
  () => new TextEncoder().encode(`${'",'.repeat(500_000)}\n1\n`),
  /columns|which is not a number/,
);
bomb(
  "a profile of half a million nested lists",
  "profile",
  () => new TextEncoder().encode("[".repeat(500_000)),
  /is not JSON/,
);
bomb("a description of half a million nested lists that end", "sidecar", () => {
  return new TextEncoder().encode(`{"mean":${"[".repeat(500_000)}${"]".repeat(500_000)}}`);
}, /model.json/);

const image = value("image", ["batch", 3, 4, 4]);
const conv = { opType: "Conv", name: "conv", input: ["image", "weight"], output: ["y"] };
const weight = floats("weight", [2, 3, 1, 1], [1, 2, 3, 4, 5, 6]);
bomb("an .onnx file that expands to 32 TB", "onnx network", () =>
  Uint8Array.from(writeModel({
    node: [conv, { opType: "Expand", name: "expand", input: ["y", "shape"], output: ["z"] }],
    initializer: [weight, ints("shape", [1_000_000, 2, 1_000_000, 4])],
    input: [image],
    output: [value("z", [])],
  })), /too large|together/);
bomb("an .onnx file of a tensor of 2^60 entries beside it", "onnx", () =>
  Uint8Array.from(writeModel({
    node: [conv],
    initializer: [{ name: "weight", dataType: 1, dims: [2n ** 30n, 2n ** 30n], dataLocation: 1, externalData: [] }],
    input: [image],
    output: [value("y", [])],
  })), /impossible shape/);

/** A run of three units, altered. */
function alteredRun(sql: string, ...blobs: Uint8Array[]): () => Promise<Bytes> {
  return async () => {
    const folder = await Deno.makeTempDir();
    try {
      makeRun(join(folder, "run"), [0, 1, 2]);
      const file = join(folder, "run", "run.sqlite");
      const db = new DatabaseSync(file);
      for (const statement of sql.split(";;")) {
        if (statement.includes("?")) db.prepare(statement).run(...blobs);
        else db.exec(statement);
      }
      db.close();
      return await Deno.readFile(file);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

const pixels = "UPDATE pixels SET rgb = ? WHERE unit_id = 0";
bomb(
  "a run whose pixels decompress to 400 MB",
  "run.sqlite",
  alteredRun(pixels, deflateSync(new Uint8Array(4e8))),
  /cannot be decompressed/,
);
bomb(
  "a run whose images are as large as they decompress",
  "run.sqlite",
  alteredRun(
    `UPDATE units SET height = 20000, width = 5000 WHERE id = 0;;${pixels}`,
    deflateSync(new Uint8Array(9e8), { level: 9 }),
  ),
  /cannot be decompressed/,
);
bomb(
  "a run whose manifest is a view without end",
  "run.sqlite",
  alteredRun(
    "DROP TABLE manifest;;CREATE VIEW manifest AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) " +
      "SELECT 'jobs' AS field, '[]' AS value FROM c WHERE x < 0",
  ),
  /it has the view manifest/,
);
bomb(
  "a run whose table checks a text of 800 MB",
  "run.sqlite",
  alteredRun(
    "CREATE TABLE extra (a INTEGER CHECK (length(hex(zeroblob(400000000))) > a)) STRICT;;INSERT INTO extra VALUES (1)",
  ),
  /its table extra computes/,
);
bomb(
  "a run with a column that computes",
  "run.sqlite",
  alteredRun("CREATE TABLE extra (a INTEGER, b TEXT GENERATED ALWAYS AS (hex(zeroblob(400000000)))) STRICT"),
  /its table extra computes/,
);
bomb(
  "a run of a dataset of 10^15 images",
  "run.sqlite",
  alteredRun(
    `UPDATE manifest SET value = '{"name":"cifar10","sha256":"","images":1000000000000000}' WHERE field = 'dataset'`,
  ),
  /its dataset is missing or not what it must be/,
);
