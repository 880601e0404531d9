/**
 * `polysem lpips A.png B.png`: the perceptual distance of two images.
 *
 * @module
 */
import type { Command } from "commander";
import { InputError } from "../../errors.ts";
import { startEngine } from "../options/engine.ts";
import { integerOption } from "../options/values.ts";
import { decimals, formatTable, printResult } from "../console/output.ts";

interface LpipsCommandOptions {
  readonly net: string;
  readonly resize?: number;
  readonly weights?: string;
  readonly heads?: string;
}

/** Adds the command to the program. */
export function registerLpips(program: Command): void {
  program.command("lpips")
    .description("LPIPS v0.1, the published perceptual distance, of two PNG images of one size; 0 for equal images.")
    .argument("<a>", "first image, .png; - is standard input")
    .argument("<b>", "second image, .png")
    .option("--net <net>", "alex (comes with polysem), squeeze or vgg (deno task weights fetch lpips-NET)", "alex")
    .option(
      "--resize <pixels>",
      "resize both images to this side first (default: compare at their own size)",
      integerOption(1),
    )
    .option("--weights <file>", "the network's weights, torchvision's .pth or .safetensors, in place of the default")
    .option("--heads <file>", "the learned heads, the published .pth or .safetensors, in place of the default")
    .action(async (a: string, b: string, options: LpipsCommandOptions, command: Command) => {
      // loaded here, so that help needs no engine
      const [{ readPng }, { loadLpips }] = await Promise.all([
        import("../../images/mod.ts"),
        import("../../lpips/mod.ts"),
      ]);
      const first = await readPng(a);
      const second = await readPng(b);
      if (first.width !== second.width || first.height !== second.height) {
        throw new InputError(
          `${a} has ${first.width}x${first.height} px and ${b} ${second.width}x${second.height}; ` +
            "LPIPS compares images of one size, so resize one of them",
        );
      }
      await startEngine(command);
      const { net, resize, weights, heads } = options;
      const lpips = await loadLpips(net, { resize, weights, heads });
      try {
        const { distance, layers } = await lpips.distance(first, second);
        printResult(command, { net: lpips.net, version: lpips.version, distance, layers }, () => {
          const rows = layers.map((term, layer) => [layer + 1, decimals(term, 6)]);
          return `LPIPS v${lpips.version}, ${lpips.net}: ${decimals(distance, 6)}\n` +
            formatTable(["layer", "contribution"], rows);
        });
      } finally {
        lpips.dispose();
      }
    });
}
