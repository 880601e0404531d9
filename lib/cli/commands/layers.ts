/**
 * `polysem layers MODEL`: the layers of a model, by the names that units are written with.
 *
 * @module
 */
import type { Command } from "commander";
import type { ModelDescription, OnnxLayer } from "../../networks/mod.ts";
import { formatTable, printResult } from "../console/output.ts";
import { type ModelOptions, modelRef, withModelOptions } from "../options/model.ts";

/** Adds the command to the program. */
export function registerLayers(program: Command): void {
  withModelOptions(
    program.command("layers")
      .description("List a model's layers: their units, where their responses lie, and why some cannot be scored.")
      .argument("[model]", "a name, an .onnx file, or a .ts file (default: --model)"),
  ).action(async (model: string | undefined, options: ModelOptions, command: Command) => {
    const ref = await modelRef({ ...options, model: model ?? options.model }, command);
    if (ref.kind === "onnx") {
      const { describeOnnx } = await import("../../networks/mod.ts");
      const described = await describeOnnx(ref.file, ref.input);
      return printResult(command, described, () => onnxTable(described.layers));
    }
    const { describeModel } = await import("../../networks/mod.ts");
    const described = await describeModel(ref);
    printResult(command, described, () => plainTable(described));
  });
}

function plainTable({ layers }: ModelDescription): string {
  return formatTable(
    ["layer", "units", "positions"],
    layers.map(({ name, units, positions }) => [name, units, positions]),
  );
}

/** A row a layer; what cannot be scored says why. */
function onnxTable(layers: readonly OnnxLayer[]): string {
  return formatTable(
    ["layer", "operator", "shape", "units", "positions", "then", "scorable"],
    layers.map(({ name, operator, shape, units, positions, nonlinearity, reason }) => [
      name,
      operator,
      shape.join(" x "),
      reason === null ? units : null,
      reason === null ? positions : null,
      nonlinearity,
      reason ?? "yes",
    ]),
  );
}
