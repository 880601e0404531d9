/**
 * The rooms of lib/ and who may know whom. A failure here is a decision to talk about, not a list to extend.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

const ROOT = resolve(import.meta.dirname!, "..");
const LIB = join(ROOT, "lib");

/**
 * The floors of the house, from the ground: a room or a file beside the rooms imports from floors below its own, never from
 * its own or above.
 */
const FLOORS: readonly (readonly string[])[] = [
  ["printable.ts"],
  ["errors.ts", "streams.ts", "types.ts"],
  ["fresh_file.ts"],
  [
    "random.ts",
    "cache.ts",
    "cost.ts",
    "csv.ts",
    "equal_parts.ts",
    "file_name.ts",
    "first_thread.ts",
    "pair_distances.ts",
    "shards.ts",
    "version.ts",
    "whole_file.ts",
    "elbow",
  ],
  ["run_directory.ts"],
  [
    "score",
    "cluster",
    "statistics",
    "images",
    "weights",
    "engine",
    "matrix.ts",
    "npy.ts",
    "run_data.ts",
  ],
  ["data", "networks", "report", "score_embeddings.ts"],
  ["visualize", "lpips", "embed", "training", "store", "setup"],
  ["pipeline", "gan", "machines"],
  ["jobs"],
  ["validate", "notebook"],
  ["cli", "mod.ts"],
];

/** Rooms inside rooms that have a door of their own. */
const INNER_ROOMS = [
  "engine/native",
  "gan/generation",
  "gan/masks",
  "gan/measures",
  "gan/network",
  "gan/probe",
  "gan/training",
  "networks/onnx",
  "report/atlas",
  "report/charts",
  "validate/check",
  "validate/images",
  "validate/metrics",
  "validate/planted",
  "validate/selectivity",
  "validate/stability",
  "validate/trained",
];

/** Rooms that are arithmetic alone: they import nothing of ours but types, and from packages only arithmetic. */
const PURE_ROOMS = ["elbow", "cluster", "score"];
const ARITHMETIC = ["ml-kmeans", "ml-matrix", "pure-rand", "simple-statistics"];

/** Rooms that know plain data alone, and what they may not know, though it lies below. A tensor never gets into them. */
const PLAIN_ROOMS = ["images", "weights", "data", "report", "store", "setup", "machines", "statistics"];
const TENSORS = ["engine", "networks", "visualize", "lpips", "embed", "training"];

interface Import {
  /** Path of the importing file, relative to lib/. */
  readonly file: string;
  /** Room of the importing file; for files beside the rooms their own name. */
  readonly room: string;
  readonly specifier: string;
  readonly typesAlone: boolean;
}

function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The room of a path, such as `score`; for files beside the rooms their own name, such as `types.ts`. */
function roomOf(path: string): string {
  return relative(LIB, path).split(sep)[0];
}

function floorOf(room: string): number {
  return FLOORS.findIndex((floor) => floor.includes(room));
}

/** The door by which other rooms come to a file. */
function doorOf(path: string): string {
  const inner = INNER_ROOMS.find((room) => relative(LIB, path).startsWith(`${room}${sep}`));
  return join(LIB, inner ?? roomOf(path), "mod.ts");
}

/** The import and export-from statements and dynamic imports of a source text. */
function importsOf(source: string): { specifier: string; typesAlone: boolean }[] {
  const statements = [...source.matchAll(/^(?:import|export)\s+(type\s+(?!from\b))?(?:[^"';]*?\bfrom\s*)?"([^"]+)"/gm)]
    .map(([, type, specifier]) => ({ specifier, typesAlone: type !== undefined }));
  const dynamic = [...source.matchAll(/\bimport\(\s*["'`]([^"'`]+)["'`]/g)]
    .map(([, specifier]) => ({ specifier, typesAlone: false }));
  return [...statements, ...dynamic];
}

const IMPORTS: readonly Import[] = [".ts", ".tsx"].flatMap((ending) => filesUnder(LIB, ending)).flatMap((path) =>
  importsOf(readFileSync(path, "utf8")).map((each) => ({ file: relative(LIB, path), room: roomOf(path), ...each }))
);

/** What is wrong with one import of ours, by the rules above; null where nothing is. */
function objection({ file, room, specifier, typesAlone }: Import): string | null {
  const target = resolve(dirname(join(LIB, file)), specifier);
  const inside = relative(LIB, target);
  const said = `lib/${file} imports ${specifier}`;
  if (inside.startsWith("..")) return inside === join("..", "deno.json") ? null : `${said}, which is outside lib/`;
  if (!/\.tsx?$/.test(specifier)) return `${said} without its ending`;
  const targetRoom = roomOf(target);
  if (targetRoom === room) return null;
  if (!(floorOf(targetRoom) < floorOf(room))) return `${said}: ${targetRoom} is not below ${room}`;
  if (inside.includes(sep) && target !== doorOf(target)) {
    return `${said}, which is not the door ${relative(LIB, doorOf(target))}`;
  }
  if (PURE_ROOMS.includes(room) && !(inside === "types.ts" && typesAlone)) {
    return `${said}: pure rooms may only \`import type\` from types.ts`;
  }
  if (PLAIN_ROOMS.includes(room) && TENSORS.includes(targetRoom) && !inside.startsWith(join("engine", "native"))) {
    return `${said}: ${room} knows plain data, never a tensor`;
  }
  return null;
}

Deno.test("importsOf() finds every way to import", () => {
  const source = [
    'import { a } from "./a.ts";',
    'import type { B } from "./b.ts";',
    'import {\n  c,\n  type D,\n} from "./c.ts";',
    'import "./d.ts";',
    'export * from "./e.ts";',
    'export type { F } from "./f.ts";',
    'const g = await import("./g.ts");',
    'import * as h from "./h.ts";',
    ' * import { no } from "./comment.ts";',
  ].join("\n");
  assert.deepEqual(importsOf(source).map(({ specifier, typesAlone }) => specifier + (typesAlone ? " types" : "")), [
    "./a.ts",
    "./b.ts types",
    "./c.ts",
    "./d.ts",
    "./e.ts",
    "./f.ts types",
    "./h.ts",
    "./g.ts",
  ]);
});

Deno.test("objection() objects to what the rules forbid and to nothing else", () => {
  const judge = (file: string, specifier: string, typesAlone = false) =>
    objection({ file, room: file.split("/")[0], specifier, typesAlone });
  assert.equal(judge("pipeline/units.ts", "../types.ts", true), null);
  assert.equal(judge("pipeline/score_unit.ts", "../score/mod.ts"), null);
  assert.equal(judge("cli/commands/merge.ts", "../../store/mod.ts"), null);
  assert.equal(judge("cli/commands/report.ts", "../../report/atlas/mod.ts"), null);
  assert.equal(judge("score/score.ts", "./other.ts"), null);
  assert.equal(judge("mod.ts", "./score/mod.ts"), null);
  assert.equal(judge("setup/native_build.ts", "../engine/native/mod.ts"), null);
  assert.match(judge("score/score.ts", "../types.ts")!, /import type/);
  assert.match(judge("score/score.ts", "../errors.ts", true)!, /import type/);
  assert.match(judge("score/score.ts", "../cluster/mod.ts", true)!, /cluster is not below score/);
  assert.match(judge("store/run.ts", "../engine/mod.ts")!, /never a tensor/);
  assert.match(judge("setup/native_build.ts", "../engine/mod.ts")!, /never a tensor/);
  assert.match(judge("pipeline/context.ts", "../jobs/mod.ts")!, /jobs is not below pipeline/);
  assert.match(judge("visualize/ascent.ts", "../lpips/mod.ts")!, /lpips is not below visualize/);
  assert.match(judge("pipeline/context.ts", "../networks/resnet.ts")!, /not the door networks\/mod.ts/);
  assert.match(judge("cli/commands/report.ts", "../../report/atlas/page.tsx")!, /not the door report\/atlas\/mod.ts/);
  assert.match(judge("types.ts", "./score/mod.ts")!, /score is not below types.ts/);
  assert.match(judge("cli/main.ts", "../../tests/x.ts")!, /outside lib/);
});

Deno.test("imports go down the floors, and into a room by its door", () => {
  const ours = IMPORTS.filter(({ specifier }) => specifier.startsWith("."));
  assert.ok(ours.length > 0);
  assert.deepEqual(ours.map(objection).filter((each) => each !== null), []);
});

Deno.test("every room of lib/ has its floor, and every room and inner room a door", () => {
  const entries = readdirSync(LIB, { withFileTypes: true });
  const strange = entries.filter(({ name }) => floorOf(name) === -1);
  assert.deepEqual(strange.map(({ name }) => name), []);
  const rooms = entries.filter((entry) => entry.isDirectory() && entry.name !== "cli").map(({ name }) => name);
  const doorless = [...rooms, ...INNER_ROOMS].filter((room) => !existsSync(join(LIB, room, "mod.ts")));
  assert.deepEqual(doorless, []);
});

Deno.test("only the engine imports TensorFlow", () => {
  const wrong = IMPORTS.filter(({ room, specifier }) => specifier.includes("@tensorflow") && room !== "engine");
  assert.deepEqual(wrong.map(({ file }) => `lib/${file}`), []);
});

Deno.test("pure rooms import only arithmetic", () => {
  const wrong = IMPORTS.filter(({ room, specifier }) =>
    PURE_ROOMS.includes(room) && !specifier.startsWith(".") &&
    !ARITHMETIC.some((name) => specifier === name || specifier.startsWith(`${name}/`))
  );
  assert.deepEqual(wrong.map(({ file, specifier }) => `lib/${file} imports ${specifier}`), []);
});

Deno.test("packages come by their names in deno.json, each at one exact version", () => {
  const { imports } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")) as { imports: Record<string, string> };
  for (const [name, target] of Object.entries(imports)) {
    assert.match(target, /^npm:(@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+(-\d+)?$/, `${name} is ${target}`);
  }
  const strange = IMPORTS.filter(({ specifier }) =>
    !specifier.startsWith(".") && !specifier.startsWith("node:") &&
    !Object.keys(imports).some((name) => specifier === name || specifier.startsWith(`${name}/`))
  );
  assert.deepEqual(strange.map(({ file, specifier }) => `lib/${file} imports ${specifier}`), []);
});

/** The text files under version control; where there is no git, those of the project's own folders. */
async function textFiles(): Promise<{ path: string; text: string }[]> {
  let paths: string[];
  try {
    const listing = await new Deno.Command("git", { args: ["ls-files", "-z"], cwd: ROOT, stderr: "null" }).output();
    assert.ok(listing.success);
    paths = new TextDecoder().decode(listing.stdout).split("\0").filter((path) => path !== "");
  } catch {
    paths = ["lib", "tests", "notebooks"].filter((folder) => existsSync(join(ROOT, folder)))
      .flatMap((folder) => filesUnder(join(ROOT, folder), "")).map((path) => relative(ROOT, path));
  }
  return paths.filter((path) => existsSync(join(ROOT, path))).flatMap((path) => {
    const bytes = readFileSync(join(ROOT, path));
    return bytes.subarray(0, 8192).includes(0) ? [] : [{ path, text: bytes.toString("utf8") }];
  });
}

Deno.test("no file names the host of a package registry", async () => {
  const hosts = [["npmjs", "org"], ["npmjs", "com"], ["yarnpkg", "com"], ["jsr", "io"], ["pypi", "org"], [
    "pythonhosted",
    "org",
  ]].map((parts) => parts.join("."));
  const wrong = (await textFiles()).flatMap(({ path, text }) =>
    hosts.filter((host) => text.includes(host)).map((host) => `${path} names ${host}`)
  );
  assert.deepEqual(wrong, []);
});

Deno.test("every exception to the lint rules says why, and nothing is `any` without one", async () => {
  const wrong: string[] = [];
  for (const { path, text } of await textFiles()) {
    if (!path.endsWith(".ts") || path === relative(ROOT, import.meta.filename!)) continue;
    const lines = text.split("\n");
    for (const [index, line] of lines.entries()) {
      const at = `${path}:${index + 1}`;
      if (line.includes("deno-lint-ignore") && !/deno-lint-ignore(-file)? [\w-]+(,? [\w-]+)* -- \S/.test(line)) {
        wrong.push(`${at}: deno-lint-ignore without a reason; write deno-lint-ignore RULE -- reason`);
      }
      const code = line.replace(/\/\/.*|^\s*\*.*|"[^"]*"|`[^`]*`/g, "");
      const excused = [lines[index - 1] ?? "", line].some((each) =>
        /deno-lint-ignore no-explicit-any -- \S/.test(each)
      );
      if (/([:<|,(]|\bas|=)\s*any\b(?!\s*[:(=?])/.test(code) && !excused) {
        wrong.push(`${at}: any without a stated reason`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});
