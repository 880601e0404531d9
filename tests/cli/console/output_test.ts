import assert from "node:assert/strict";
import { Command } from "commander";
import {
  activationText,
  decimals,
  duration,
  formatTable,
  globalOptions,
  printNote,
  printResult,
  sharesInWords,
  sharesText,
} from "../../../lib/cli/console/output.ts";

function commandWith(...args: string[]) {
  const written = { out: "", err: "" };
  const program = new Command().option("--json").option("--verbose").option("--quiet")
    .configureOutput({ writeOut: (text) => written.out += text, writeErr: (text) => written.err += text });
  const command = program.command("do").action(() => {});
  program.parse(args, { from: "user" });
  return { command, written };
}

Deno.test("printResult() prints the text, or one JSON document wherever --json stands", () => {
  const text = commandWith("do");
  printResult(text.command, { S: 0.5 }, "S is 0.5");
  assert.equal(text.written.out, "S is 0.5\n");
  for (const args of [["do", "--json"], ["--json", "do"]]) {
    const { command, written } = commandWith(...args);
    printNote(command, "a note");
    printResult(command, { S: 0.5, bic: [-Infinity] }, () => assert.fail("the text is not needed"));
    assert.deepEqual(JSON.parse(written.out), { S: 0.5, bic: [null] });
    assert.equal(written.err, "a note\n");
  }
});

Deno.test("globalOptions() are false unless given", () => {
  assert.deepEqual(globalOptions(commandWith("do").command), { json: false, verbose: false, quiet: false });
  assert.deepEqual(globalOptions(commandWith("--quiet", "do", "--verbose").command), {
    json: false,
    verbose: true,
    quiet: true,
  });
});

Deno.test("formatTable() puts words left, numbers right, and a dash for what is not known", () => {
  const lines = formatTable(["layer", "units", "S"], [["conv1", 6, decimals(0.5)], ["fc", 120, decimals(null)]]).split(
    "\n",
  );
  assert.deepEqual(lines.filter((line) => line.startsWith("│")), [
    "│ layer │ units │     S │",
    "│ conv1 │     6 │ 0.500 │",
    "│ fc    │   120 │     - │",
  ]);
  assert.ok(!lines.join("").includes("\x1b"), "no colour");
});

Deno.test("duration() is told in the largest units that matter", () => {
  assert.equal(duration(0), "0.0 s");
  assert.equal(duration(3.25), "3.3 s");
  assert.equal(duration(59.97), "1 min 00 s");
  assert.equal(duration(245), "4 min 05 s");
  assert.equal(duration(3600 + 119), "1 h 02 min");
});

Deno.test("activationText() has three decimals, and three digits of what is smaller", () => {
  assert.deepEqual([24.9381, 0.01, 0, -1.5].map(activationText), ["24.938", "0.010", "0.000", "-1.500"]);
  assert.deepEqual([0.00123456, -0.0000421].map(activationText), ["0.00123", "-0.0000421"]);
});

Deno.test("sharesInWords() and sharesText() give shares of K in whole per cent", () => {
  const shares = { K1: 0.12, K2: 0.88, K3: 0 };
  assert.equal(sharesInWords(shares), "K = 1 in 12 %, 2 in 88 %, 3 or more in 0 %");
  assert.equal(sharesText(shares), "12 / 88 / 0 %");
  assert.equal(sharesText(null), "-");
});

Deno.test("formatTable() breaks cells between words, and long words, where the terminal is narrower", () => {
  assert.equal(
    formatTable(["unit", "best image exceeds"], [["conv1:0", 3], ["x".repeat(30), 4]], 40),
    [
      "┌──────────────────────────┬─────────┐",
      "│ unit                     │    best │",
      "│                          │   image │",
      "│                          │ exceeds │",
      "├──────────────────────────┼─────────┤",
      "│ conv1:0                  │       3 │",
      "├──────────────────────────┼─────────┤",
      "│ xxxxxxxxxxxxxxxxxxxxxxxx │       4 │",
      "│ xxxxxx                   │         │",
      "└──────────────────────────┴─────────┘",
    ].join("\n"),
  );
});

Deno.test("formatTable() puts columns that do not fit into further tables, each with the first", () => {
  const head = ["layer", "units", "mean S", "sd S", "K=1", "K=2", "K>=3", "dead", "exceed dataset", "time"];
  const rows = [["conv1", 6, "0.000", "0.000", 6, 0, 0, 0, "6 of 6", "9.9 s"], [
    "all",
    236,
    null,
    null,
    216,
    20,
    0,
    0,
    "236 of 236",
    "7 min 06 s",
  ]];
  const text = formatTable(head, rows, 60);
  assert.ok(text.split("\n").every((line) => line.length <= 60), text);
  assert.equal(text.match(/│ conv1 │/g)?.length, 2);
  for (const word of head.flatMap((name) => name.split(" "))) assert.ok(text.includes(word), word);
  const whole = formatTable(head, rows, Infinity);
  const width = whole.split("\n")[0].length;
  assert.equal(formatTable(head, rows, width), whole);
  assert.notEqual(formatTable(head, rows, width - 1), whole);
});
