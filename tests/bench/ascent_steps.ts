/**
 * One step of ascent through larger networks, here and in PyTorch in turn, and how many times longer PyTorch takes: the second
 * table of `deno task bench`, and by itself `deno task bench-steps`. Times are printed, never asserted.
 *
 * Two batches of images go through each network for some steps: here one in each of two workers of one thread, as `score-all`
 * works; in PyTorch one after the other, on two threads. Both sides have the same weights, move images alike and read the same
 * unit: channel 0 of the class scores, so that a step goes through the whole network and back.
 *
 * @module
 */
import { cpus } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { formatTable } from "../../lib/cli/console/output.ts";
import { integerOption } from "../../lib/cli/options/values.ts";
import { InputError, messageOf } from "../../lib/errors.ts";
import { createWorkerPool } from "../../lib/jobs/worker_pool.ts";
import type { ModelRef } from "../../lib/networks/models.ts";
import { CALIBRATED_1 } from "../../lib/pipeline/profile.ts";
import { createRandom } from "../../lib/random.ts";
import { nextMovement, transformsOf } from "../../lib/visualize/transforms.ts";
import { findWeightSet } from "../../lib/weights/registry.ts";
import { encodeSafetensors } from "../../lib/weights/safetensors.ts";
import type { AscentTask } from "./ascent_worker.ts";
import { preparePyTorch, runScript } from "./pytorch_environment.ts";
import { type Layout, LAYOUTS, layoutsOption, madeUpResNet18, startEngine, THREADS } from "./workload.ts";

const SCRIPT = new URL("ascent_steps.py", import.meta.url).pathname;

/** A network at a size, and how many images a batch has. */
interface Case {
  readonly name: string;
  readonly network: "resnet18" | "vit";
  readonly model: ModelRef;
  readonly layer: string;
  readonly weights: string;
  readonly side: number;
  readonly images: number;
}

/** What is timed. */
export interface StepOptions {
  /** Steps that are timed. */
  readonly steps: number;
  /** Runs of each side in turn; the least time counts. */
  readonly repeats: number;
  readonly layouts: readonly Layout[];
  /** The same networks from .onnx files too, separated by commas. */
  readonly onnx?: string;
}

/** A network's milliseconds of a step. */
export interface StepRow {
  readonly network: string;
  readonly images: number;
  readonly polysem: number;
  /** Not there for a layout that does not work here. */
  readonly pytorch: Readonly<Partial<Record<Layout, number>>>;
}

async function cases(folder: string, python: string, onnx: string | undefined): Promise<Case[]> {
  const resnet18 = join(folder, "resnet18.safetensors");
  await Deno.writeFile(resnet18, encodeSafetensors(madeUpResNet18()));
  const vit = (await findWeightSet("vit-cifar10")).files[0].path;
  const resnet = (side: number, images: number): Case => ({
    name: `ResNet-18, ${side} px`,
    network: "resnet18",
    model: {
      kind: "shipped",
      name: "resnet18-imagenet",
      weights: resnet18,
      size: { height: side, width: side },
    },
    layer: "fc",
    weights: resnet18,
    side,
    images,
  });
  const vits: Case = {
    name: "ViT, 32 px",
    network: "vit",
    model: { kind: "shipped", name: "vit-cifar10" },
    layer: "head",
    weights: vit,
    side: 32,
    images: 64,
  };
  const fromFile = (of: Case, file: string): Case => ({
    ...of,
    name: `${of.name}, from ${file.split("/").at(-1)}`,
    model: {
      kind: "onnx",
      file,
      input: {
        ...(of.network === "vit"
          ? { mean: [.4914, .4822, .4465], std: [.2470, .2435, .2616] }
          : { mean: [.485, .456, .406], std: [.229, .224, .225] }),
        size: { height: of.side, width: of.side },
      },
    },
  });
  const cifar: Case = {
    ...resnet(32, 128),
    model: { kind: "shipped", name: "resnet18-cifar10" },
    weights: (await findWeightSet("resnet18-cifar10")).files[0].path,
  };
  const small = resnet(64, 64);
  const large = resnet(224, 8);
  const exported = join(folder, "vit.onnx");
  await Deno.writeTextFile(
    join(folder, "job.json"),
    JSON.stringify({ network: "vit", weights: vit, side: 32, export: exported }),
  );
  await runScript(python, SCRIPT, folder);
  const files = (onnx ?? "").split(",").filter((file) => file !== "");
  const ofFiles = files.flatMap((file) =>
    /vit/i.test(file) ? [fromFile(vits, file)] : [fromFile(small, file), fromFile(large, file)]
  );
  return [cifar, small, large, vits, fromFile(vits, exported), ...ofFiles];
}

/** Milliseconds of a step of both batches. */
async function ours({ model, layer, images }: Case, steps: number): Promise<number> {
  const pool = await createWorkerPool<{ model: ModelRef; layer: string }, AscentTask, number>(
    new URL("./ascent_worker.ts", import.meta.url),
    THREADS,
    { model, layer },
  );
  try {
    const run = async (steps: number) => {
      const begin = performance.now();
      await pool.run(Array.from({ length: THREADS }, () => ({ images, steps })), { onResult: () => {} });
      return performance.now() - begin;
    };
    await run(1);
    const short = await run(1); // what is not a step: starts, sizes, reading images
    return (await run(steps + 1) - short) / steps;
  } finally {
    pool.close();
  }
}

/** Times all networks. The engine must be ready. */
export async function benchSteps(
  python: string,
  { steps, repeats, layouts, onnx }: StepOptions,
  note: (text: string) => void,
): Promise<StepRow[]> {
  const folder = await Deno.makeTempDir({ prefix: "polysem-bench-" });
  const rows: StepRow[] = [];
  try {
    for (const each of await cases(folder, python, onnx)) {
      let polysem = Infinity;
      const pytorch: Partial<Record<Layout, number>> = {};
      const random = createRandom(0, "movements");
      const transforms = transformsOf(CALIBRATED_1.visualize, { height: each.side, width: each.side });
      const job = {
        threads: THREADS,
        network: each.network,
        weights: each.weights,
        side: each.side,
        images: each.images,
        batches: THREADS,
        steps,
        learningRate: CALIBRATED_1.visualize.learningRate,
        movements: Array.from({ length: steps }, () => nextMovement(random, transforms)).map(({ dy, dx }) => [dy, dx]),
      };
      for (let repeat = 0; repeat < repeats; repeat++) {
        note(`${each.name}, ${repeat + 1} of ${repeats}`);
        polysem = Math.min(polysem, await ours(each, steps));
        for (const layout of layouts) {
          await Deno.writeTextFile(join(folder, "job.json"), JSON.stringify({ ...job, layout }));
          try {
            await runScript(python, SCRIPT, folder);
          } catch (error) {
            if (layout !== "compiled" || !(error instanceof InputError)) throw error;
            note("torch.compile does not work here");
            continue;
          }
          const { milliseconds } = JSON.parse(await Deno.readTextFile(join(folder, "result.json")));
          pytorch[layout] = Math.min(pytorch[layout] ?? Infinity, milliseconds);
        }
      }
      rows.push({ network: each.name, images: THREADS * each.images, polysem, pytorch });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return rows;
}

/** The rows as a table with a line above it and one below. */
export function formatSteps(rows: readonly StepRow[], { steps, repeats, layouts }: StepOptions): string {
  const cell = (value: number | undefined, digits: number) => value === undefined ? null : value.toFixed(digits);
  return [
    `ms of a step of ascent, least of ${repeats}, ${steps} steps; ${THREADS} cores each; ${cpus()[0]?.model ?? "?"}`,
    formatTable(
      ["network", "images", "polysem ms", ...layouts.flatMap((layout) => [`PyTorch, ${layout}`, "ratio"])],
      rows.map(({ network, images, polysem, pytorch }) => [
        network,
        images,
        polysem.toFixed(0),
        ...layouts.flatMap((layout) => {
          const theirs = pytorch[layout];
          return [cell(theirs, 0), cell(theirs === undefined ? undefined : theirs / polysem, 2)];
        }),
      ]),
    ),
    "ratio: PyTorch's time over ours",
  ].join("\n");
}

if (import.meta.main) {
  const program = new Command("bench-steps")
    .description("Times a step of ascent through larger networks against PyTorch, one after the other.")
    .option("--steps <count>", "steps that are timed", integerOption(1), 6)
    .option("--repeats <count>", "runs of each side in turn; the least time counts", integerOption(1), 2)
    .option(
      "--onnx <files>",
      "the same networks from .onnx files too: exports of torchvision's ResNet-18 or of the ViT",
    )
    .option("--layout <layouts>", "how PyTorch keeps images in memory, one run each", layoutsOption, LAYOUTS)
    .action(async ({ layout, ...rest }: Omit<StepOptions, "layouts"> & { layout: readonly Layout[] }) => {
      const note = (text: string) => console.error(`${new Date().toTimeString().slice(0, 8)} ${text}`);
      const python = await preparePyTorch(note);
      await startEngine();
      const options = { ...rest, layouts: layout };
      console.log(formatSteps(await benchSteps(python, options, note), options));
    });
  try {
    await program.parseAsync(Deno.args, { from: "user" });
    Deno.exit(0); // at once, whatever threads the engine left
  } catch (error) {
    console.error(`error: ${messageOf(error)}`);
    Deno.exit(error instanceof InputError ? 2 : 1);
  }
}
