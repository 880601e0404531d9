/**
 * The rooms of lib/ and who may know whom. A failure here is a decision to talk about, not a list to extend.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

const ROOT = resolve(import.meta.dirname!, "..");
const LIB = join(ROOT, "lib");

/** Rooms that are arithmetic alone: they import nothing of ours but types, and from packages only arithmetic. */
const PURE_ROOMS = ["elbow", "cluster", "score"];
const ARITHMETIC = ["ml-kmeans", "pure-rand", "simple-statistics"];

const FOUNDATION = ["engine", "networks", "images"];
const STAGES = ["visualize", "lpips", "embed"];
const BELOW_PIPELINE = [...FOUNDATION, ...STAGES, "training", ...PURE_ROOMS];
const BELOW_CLI = [...BELOW_PIPELINE, "pipeline", "validate", "gan", "store", "report"];

/** For each room, the rooms that it may import from. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  networks: ["engine"],
  images: ["engine"],
  visualize: FOUNDATION,
  lpips: FOUNDATION,
  embed: FOUNDATION,
  training: FOUNDATION,
  elbow: [],
  cluster: [],
  score: [],
  pipeline: BELOW_PIPELINE,
  validate: [...BELOW_PIPELINE, "pipeline"],
  gan: [...BELOW_PIPELINE, "pipeline"],
  store: [],
  report: [],
  notebook: BELOW_CLI,
  cli: [...BELOW_CLI, "notebook"],
};

/** Files beside the rooms that any room may import; the pure ones only the first, and only its types. */
const SHARED = ["types.ts", "errors.ts", "random.ts", "cache.ts", "worker_pool.ts"];

interface Import {
  /** Path of the importing file, relative to lib/. */
  readonly file: string;
  /** Room of the importing file; the empty word for files beside the rooms. */
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

function roomOf(path: string): string {
  const inside = relative(LIB, path);
  return inside.includes(sep) ? inside.split(sep)[0] : "";
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
  if (room === "") return file === "mod.ts" ? null : `${said}: only mod.ts may gather the rooms`;
  if (targetRoom === "") {
    if (!SHARED.includes(inside)) return `${said}, which is not shared`;
    if (PURE_ROOMS.includes(room) && !(inside === "types.ts" && typesAlone)) {
      return `${said}: pure rooms may only \`import type\` from types.ts`;
    }
    return null;
  }
  return ALLOWED[room]?.includes(targetRoom) ? null : `${said}: ${room} may not know ${targetRoom}`;
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
    objection({ file, room: file.includes("/") ? file.split("/")[0] : "", specifier, typesAlone });
  assert.equal(judge("pipeline/plan.ts", "../types.ts", true), null);
  assert.equal(judge("pipeline/score_unit.ts", "../score/mod.ts"), null);
  assert.equal(judge("cli/main.ts", "../store/mod.ts"), null);
  assert.equal(judge("score/score.ts", "./other.ts"), null);
  assert.equal(judge("mod.ts", "./score/mod.ts"), null);
  assert.match(judge("score/score.ts", "../types.ts")!, /import type/);
  assert.match(judge("score/score.ts", "../errors.ts", true)!, /import type/);
  assert.match(judge("score/score.ts", "../cluster/mod.ts", true)!, /score may not know cluster/);
  assert.match(judge("store/run.ts", "../engine/mod.ts")!, /store may not know engine/);
  assert.match(judge("pipeline/plan.ts", "../store/mod.ts")!, /pipeline may not know store/);
  assert.match(judge("visualize/ascent.ts", "../lpips/mod.ts")!, /visualize may not know lpips/);
  assert.match(judge("networks/resnet.ts", "../visualize/mod.ts")!, /networks may not know visualize/);
  assert.match(judge("types.ts", "./score/mod.ts")!, /only mod.ts/);
  assert.match(judge("cli/main.ts", "../../tests/x.ts")!, /outside lib/);
});

Deno.test("imports between rooms go one way", () => {
  const ours = IMPORTS.filter(({ specifier }) => specifier.startsWith("."));
  assert.ok(ours.length > 0);
  assert.deepEqual(ours.map(objection).filter((each) => each !== null), []);
});

Deno.test("every room of lib/ has its place in the list", () => {
  const rooms = readdirSync(LIB, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) =>
    name
  );
  assert.deepEqual(rooms.filter((room) => !(room in ALLOWED)), []);
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
    assert.match(target, /^npm:(@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+$/, `${name} is ${target}`);
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
