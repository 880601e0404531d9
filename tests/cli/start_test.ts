/** What the command line loads before it computes anything. Its time is not asserted; this is what it is made of. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Command } from "commander";
import { COMMANDS } from "../../lib/cli/command_list.ts";
import { inFolder } from "../in_folder.ts";
import { makeRun } from "../store/example_run.ts";

const ROOT = join(import.meta.dirname!, "..", "..");
/** Packages that take long to load, and that nothing needs but computing and drawing. */
const HEAVY = ["@tensorflow/", "vega", "vega-lite", "preact", "preact-render-to-string", "@resvg/", "zod", "pngjs"];

/** The packages that a command loads, as Deno's own log tells. */
async function loadedBy(...args: string[]): Promise<{ code: number; packages: string[] }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", "--log-level=debug", join(ROOT, "lib", "cli", "main.ts"), ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const log = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const names = log.matchAll(/node_modules\/\.deno\/[^/\s]+\/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)/g);
  return { code, packages: [...new Set([...names].map(([, name]) => name))].sort() };
}

function assertLight(packages: readonly string[], what: string): void {
  assert.ok(packages.includes("commander"), `${what}: the log says nothing`);
  const isHeavy = (name: string) => HEAVY.some((each) => each.endsWith("/") ? name.startsWith(each) : name === each);
  assert.deepEqual(packages.filter(isHeavy), [], what);
}

Deno.test("the help, the version and an unknown command load no command", async () => {
  for (const [args, expected] of [[["--help"], 0], [["--version"], 0], [["exporte"], 2]] as const) {
    const loaded = await loadedBy(...args);
    assert.equal(loaded.code, expected);
    assert.deepEqual(loaded.packages, ["commander"], args.join(" "));
  }
});

Deno.test("a command that reads a run, wrong input and a command's help load no engine and nothing that draws", () =>
  inFolder(async (folder) => {
    const run = makeRun(join(folder, "run"), [0, 1, 2]);
    const missing = join(folder, "none");
    const cases: [string[], number][] = [
      [["export", run], 0],
      [["check", run], 0],
      [["export", missing], 2],
      [["report", missing], 2],
      [["figures", missing], 2],
      [["merge", missing, "--into", run], 2],
    ];
    for (const [args, expected] of cases) {
      const loaded = await loadedBy(...args);
      assert.equal(loaded.code, expected, args.join(" "));
      assertLight(loaded.packages, args.join(" "));
    }
    const drawn = await loadedBy("report", run, "--no-data");
    assert.ok(["vega", "preact"].every((name) => drawn.packages.includes(name)), "the log names what is loaded");
  }));

Deno.test("the list of commands says of each what it says of itself", async () => {
  for (const { name, args, options, description, load } of COMMANDS) {
    const program = new Command();
    (await load())(program);
    const [command] = program.commands;
    const own = command.registeredArguments.map((argument) => {
      const words = `${argument.name()}${argument.variadic ? "..." : ""}`;
      return argument.required ? `<${words}>` : `[${words}]`;
    });
    assert.deepEqual(
      { name, args, options, description },
      {
        name: command.name(),
        args: own.join(" "),
        options: command.options.length > 0,
        description: command.description(),
      },
    );
  }
});
