import assert from "node:assert/strict";
import { join } from "node:path";
import type { Command } from "commander";
import { main } from "../../lib/cli/main.ts";
import { openRun } from "../../lib/store/mod.ts";
import { MANIFEST } from "../store/example_run.ts";
import { polysem } from "./run_main.ts";

Deno.test("main() exits with 2 and one line for wrong usage", async () => {
  const wrong: [string[], RegExp][] = [
    [["exporte"], /unknown command 'exporte' \(Did you mean export\?\)/],
    [["export"], /missing required argument 'run'/],
    [["export", "x", "--fromat", "csv"], /unknown option '--fromat' \(Did you mean --format\?\)/],
    [["export", "x", "--format", "xml"], /'xml' is invalid\. Allowed choices are csv, parquet, json\./],
    [["merge", "a"], /required option '--into <run>' not specified/],
    [["--nope"], /unknown option '--nope'/],
  ];
  for (const [args, pattern] of wrong) {
    const { code, out, err } = await polysem(...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, pattern);
    assert.match(err, /^error: [^\n]*\n$/, "one line");
    assert.equal(out, "");
  }
});

Deno.test("main() says in one line what to do where memory does not suffice", async () => {
  const why = "Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[64,32,32,64]";
  const failing = {
    name: "fail",
    args: "",
    options: false,
    description: "",
    load: () =>
      Promise.resolve((program: Command) =>
        void program.command("fail").action(() => {
          throw new Error(why);
        })
      ),
  };
  let err = "";
  const streams = { writeOut: () => assert.fail("nothing is printed"), writeErr: (text: string) => err += text };
  assert.equal(await main(["fail"], streams, [failing]), 1);
  assert.equal(
    err,
    "error: memory does not suffice (Invalid TF_Status: 8 Message: OOM when allocating tensor with shape[64,32,32,64]); " +
      "free some, or give fewer --workers, and run the same command again\n",
  );
});

Deno.test("main() without a command shows the help on standard error and exits with 2", async () => {
  const { code, out, err } = await polysem();
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /Usage: polysem/);
});

Deno.test("main() has help for the program and for every command, with the options all share", async () => {
  const program = await polysem("--help");
  assert.equal(program.code, 0);
  assert.equal(program.err, "");
  const commands = [...program.out.matchAll(/^ {2}([a-z][a-z-]+)[ |]/gm)].map(([, name]) => name);
  assert.ok(commands.includes("export") && commands.includes("merge") && commands.includes("score-embeddings"));
  for (const name of commands.filter((name) => name !== "help")) {
    const { code, out, err } = await polysem(name, "--help");
    assert.equal(code, 0, name);
    assert.equal(err, "");
    assert.match(out, new RegExp(`Usage: polysem ${name}`));
    for (const option of ["--json", "--verbose", "--quiet"]) assert.ok(out.includes(option), `${name} ${option}`);
  }
});

Deno.test("main() says the version of deno.json", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assert.deepEqual(await polysem("--version"), { code: 0, out: `${version}\n`, err: "" });
});

Deno.test("main() exits with 2 for wrong input, one line, and the stack only with --verbose", async () => {
  const missing = join("no", "such", "run");
  const plain = await polysem("export", missing);
  assert.equal(plain.code, 2);
  assert.match(plain.err, /^error: there is no run in no\/such\/run: [^\n]*\n$/);
  for (const args of [["export", missing, "--verbose"], ["--verbose", "export", missing]]) {
    const { code, err } = await polysem(...args);
    assert.equal(code, 2);
    assert.match(err, /^error: there is no run[^\n]*\n(?:.*\n)*.*at .*\.ts:\d+/);
  }
  const json = await polysem("export", missing, "--json");
  assert.equal(json.code, 2);
  assert.equal(json.out, "");
});

Deno.test("the program exits with the code of main() and keeps the streams apart", async () => {
  const program = join(import.meta.dirname!, "..", "..", "lib", "cli", "main.ts");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", program, "export", "no/such/run", "--json"],
  }).output();
  assert.equal(code, 2);
  assert.equal(new TextDecoder().decode(stdout), "");
  assert.match(new TextDecoder().decode(stderr), /error: there is no run in/);
});

Deno.test("main() exits with 1 and one line for a failure while running", async () => {
  const folder = await Deno.makeTempDir();
  try {
    openRun(folder, MANIFEST).close();
    let err = "";
    const code = await main(["export", folder], {
      writeOut: () => {
        throw new Error("the printer\nis on fire");
      },
      writeErr: (text) => err += text,
    });
    assert.equal(code, 1);
    assert.equal(err, "error: the printer is on fire\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
