/**
 * `deno task bench-steps`: one step of ascent through larger networks, here and in PyTorch in turn, and how many times longer
 * PyTorch takes. Times are printed, never asserted.
 *
 * Two batches of images go through each network for some steps: here one in each of two workers of one thread, as `score-all`
 * works; in PyTorch one after the other, on two threads. Both sides have the same weights, move images alike and read the same
 * unit: channel 0 of the class scores, so that a step goes through the whole network and back.
 *
 * @module
 */
import { cpus } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
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
import { LAYOUTS, madeUpResNet18, startEngine, THREADS } from "./workload.ts";

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

interface Options {
  readonly steps: number;
  readonly repeats: number;
  readonly layout: string;
  readonly onnx?: string;
}

async function cases(folder: string, onnx: string | undefined): Promise<Case[]> {
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
  const small = resnet(64, 64);
  const large = resnet(224, 8);
  const files = (onnx ?? "").split(",").filter((file) => file !== "");
  const ofFiles = files.flatMap((file) =>
    /vit/i.test(file) ? [fromFile(vits, file)] : [fromFile(small, file), fromFile(large, file)]
  );
  return [small, large, vits, ...ofFiles];
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

async function bench({ steps, repeats, layout, onnx }: Options): Promise<string> {
  const note = (text: string) => console.error(`${new Date().toTimeString().slice(0, 8)} ${text}`);
  const python = await preparePyTorch(note);
  await startEngine();
  const folder = await Deno.makeTempDir({ prefix: "polysem-bench-" });
  const rows: (string | number)[][] = [];
  try {
    for (const each of await cases(folder, onnx)) {
      const [mine, theirs]: [number[], number[]] = [[], []];
      const random = createRandom(0, "movements");
      const transforms = transformsOf(CALIBRATED_1.visualize, { height: each.side, width: each.side });
      const job = {
        threads: THREADS,
        layout,
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
        mine.push(await ours(each, steps));
        await Deno.writeTextFile(join(folder, "job.json"), JSON.stringify(job));
        await runScript(python, SCRIPT, folder);
        theirs.push(JSON.parse(await Deno.readTextFile(join(folder, "result.json"))).milliseconds);
      }
      const [a, b] = [Math.min(...mine), Math.min(...theirs)];
      rows.push([each.name, THREADS * each.images, a.toFixed(0), b.toFixed(0), (b / a).toFixed(2)]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return [
    `ms of a step of ascent, least of ${repeats}, ${steps} steps; ${THREADS} cores each; ${cpus()[0]?.model ?? "?"}; ` +
    `PyTorch's memory layout: ${layout}`,
    formatTable(["network", "images", "polysem ms", "PyTorch ms", "ratio"], rows),
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
    .addOption(
      new Option("--layout <layout>", "how PyTorch keeps images in memory").choices(LAYOUTS).default(LAYOUTS[0]),
    )
    .action(async (options: Options) => console.log(await bench(options)));
  try {
    await program.parseAsync(Deno.args, { from: "user" });
    Deno.exit(0); // at once, whatever threads the engine left
  } catch (error) {
    console.error(`error: ${messageOf(error)}`);
    Deno.exit(error instanceof InputError ? 2 : 1);
  }
}
