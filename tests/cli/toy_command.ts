/** Runs a command that needs a generator with one that needs no training. */
import { Command } from "commander";
import type { LoadGenerator } from "../../lib/cli/options/generator.ts";
import type { ImageGenerator } from "../../lib/gan/network/image_generator.ts";
import { toyGenerator } from "../gan/toy_generator.ts";

/** What it printed; what it throws is thrown. */
export async function withToy(
  register: (program: Command, load: LoadGenerator) => void,
  args: readonly string[],
  generator: ImageGenerator = toyGenerator(),
): Promise<{ readonly out: string; readonly err: string }> {
  let out = "";
  let err = "";
  const program = new Command()
    .option("--json").option("--verbose").option("--quiet")
    .exitOverride()
    .configureOutput({ writeOut: (text) => out += text, writeErr: (text) => err += text });
  register(program, () => Promise.resolve(generator));
  await program.parseAsync([...args], { from: "user" });
  return { out, err };
}
