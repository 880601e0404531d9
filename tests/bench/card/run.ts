/**
 * The bench of a graphics card: engine, agreement of card and processor, 1, 4 and 8 workers, deterministic kernels, WebGPU. It
 * needs no network, and ends within ten minutes whatever the machine is; where there is no card it says so and does the rest.
 *
 *     deno run -A tests/bench/card/run.ts --out FOLDER      card.json and card.md
 *     deno run -A tests/bench/card/run.ts --dry             tiny sizes, to see that it works
 *
 * @module
 */
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { encodeSettings } from "../../../lib/engine/native/mod.ts";
import { type Agreement, agreementOf, type Part, type PartResult, type PartWork, summarize } from "./results.ts";

/** Seconds for all parts together: the rest of ten minutes is for starting. */
const BUDGET = 540;

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "card-bench" },
    units: { type: "string" },
    dry: { type: "boolean", default: false },
  },
});
const dry = values.dry;
const units = Number(values.units ?? (dry ? 4 : 110));
if (!(Number.isInteger(units) && units > 0)) {
  console.error(`--units ${values.units} is no number of units`);
  Deno.exit(2);
}
const deadline = performance.now() + BUDGET * 1000;
await Deno.mkdir(values.out, { recursive: true });

/** Scores in a process of its own, since an engine keeps its settings for as long as its process lives. */
async function runPart(
  title: string,
  work: Omit<PartWork, "quick">,
  env: Readonly<Record<string, string>>,
  most: number,
): Promise<Part> {
  const left = (deadline - performance.now()) / 1000;
  const limit = Math.min(most, left);
  if (limit < 5) return { title, result: null, problem: "no time was left for it" };
  console.error(`${new Date().toTimeString().slice(0, 8)} ${title}, at most ${Math.round(limit)} s`);
  const file = join(values.out, "part.json");
  await Deno.remove(file).catch(() => {});
  const argument: PartWork = { ...work, quick: dry };
  const { code, signal, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "-A", "--unstable-webgpu"],
      fileURLToPath(new URL("./part.ts", import.meta.url)),
      file,
      JSON.stringify(argument),
    ],
    env: { ...env, NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
    signal: AbortSignal.timeout(limit * 1000),
  }).output();
  const text = await Deno.readTextFile(file).catch(() => null);
  if (text !== null) return { title, result: JSON.parse(text) as PartResult, problem: null };
  const words = new TextDecoder().decode(stderr).trim().split("\n").find((line) => /error/i.test(line))
    ?.replace(/^error: Uncaught (\(in promise\) )?/, "");
  return {
    title,
    result: null,
    problem: signal === "SIGTERM" ? `it took more than ${Math.round(limit)} s` : words?.slice(0, 200) ?? `exit ${code}`,
  };
}

const parts: Part[] = [];
const agreements: Agreement[] = [];
const compare = (a: Part, b: Part) => {
  const agreement = agreementOf(a, b);
  if (agreement !== null) agreements.push(agreement);
};
const add = async (...args: Parameters<typeof runPart>) => {
  const part = await runPart(...args);
  parts.push(part);
  return part;
};

const onProcessor = {
  POLYSEM_BACKEND: "native",
  POLYSEM_TENSORFLOW_CONFIG: encodeSettings({ deviceCount: { GPU: 0 } }),
};
const work = { units, deterministic: false };
const cores = navigator.hardwareConcurrency;
const first = await add("default, 1 worker", { ...work, workers: 1 }, { POLYSEM_BACKEND: "native" }, 150);
const hasCard = first.result?.engine.device === "cuda";
if (hasCard) {
  const four = await add("4 workers", { ...work, workers: 4 }, {}, 90);
  await add("8 workers", { ...work, workers: 8 }, {}, 90);
  const again = await add("4 workers again", { ...work, workers: 4 }, {}, 90);
  const fixed = await add("deterministic, 1 worker", { ...work, workers: 1, deterministic: true }, {}, 120);
  const fixedFour = await add("deterministic, 4 workers", { ...work, workers: 4, deterministic: true }, {}, 90);
  const exact = await add("4 workers without TF32", { ...work, workers: 4 }, { NVIDIA_TF32_OVERRIDE: "0" }, 90);
  const processor = await add("processor", { ...work, workers: Math.min(cores, 16) }, onProcessor, 150);
  compare(first, four);
  compare(four, again);
  compare(fixed, fixedFour);
  compare(processor, first);
  compare(processor, fixed);
  compare(processor, exact);
} else {
  const two = await add("processor, 2 workers", { ...work, workers: 2 }, onProcessor, 150);
  compare(first, two);
}
const gpu = await add("WebGPU", { ...work, workers: 1 }, { POLYSEM_BACKEND: "webgpu" }, 100);
compare(first, gpu);

const cards = first.result?.engine.cards ?? [];
const machine = [...cards.map(({ name }) => name), `${cpus()[0]?.model ?? "unknown processor"}, ${cores} threads`].join(
  "; ",
);
const refused = first.result?.engine.refusedCards?.map(({ name, why }) => `${name ?? "a card"}: ${why}`).join("; ");
const note = hasCard
  ? "The engine computes on the card."
  : `There is no card that the engine computes on${
    refused ? ` (${refused})` : ""
  }: 1 and 2 workers of the processor were compared, and nothing of a card was tried.`;
await Deno.writeTextFile(
  join(values.out, "card.json"),
  JSON.stringify({ machine, hasCard, dry, units, parts, agreements }, null, 1) + "\n",
);
const summary = summarize(parts, agreements, {
  machine,
  note: dry ? `${note} Sizes are tiny: times mean nothing.` : note,
});
await Deno.writeTextFile(join(values.out, "card.md"), summary);
await Deno.remove(join(values.out, "part.json")).catch(() => {});
console.log(summary);
Deno.exit(0);
