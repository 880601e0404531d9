import assert from "node:assert/strict";
import { Command } from "commander";
import { formatTable, printNote, printResult } from "../lib/cli/console/output.ts";
import { createProgress } from "../lib/cli/console/progress.ts";
import { InputError } from "../lib/errors.ts";
import { escapeObeyed, inOneLine, printable } from "../lib/printable.ts";
import { ODD_NAMES } from "./odd_names.ts";

/** What a terminal obeys or an eye is deceived by: control characters but the line feed and tab, and turns of direction. */
// deno-lint-ignore no-control-regex -- these are what it is about
const OBEYED = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

Deno.test("printable() puts a question mark for what a terminal obeys, and keeps lines and every script", () => {
  assert.equal(printable("a\x1b[31mb\x07\x9bc\x7f"), "a?[31mb??c?");
  assert.equal(printable("one\r\ntwo\tthree\n"), "one\ntwo\tthree\n");
  assert.equal(printable("\u202egnp.exe"), "?gnp.exe");
  for (const text of ["слой 1", "日本", "💥", "é", "│─┐", "100 %"]) assert.equal(printable(text), text);
});

Deno.test("inOneLine() is one line, whatever ends lines there are, and leaves out the middle of a long one", () => {
  assert.equal(inOneLine(" a \n b\r\nc\u2028d\u2029e\x85f\x0bg\th "), "a b c d e f g h");
  const long = inOneLine(`begin${"x".repeat(5000)}end; do this`);
  assert.match(long, /^beginx+ \.\.\. x+end; do this$/);
  assert.ok(long.length <= 1505);
  assert.equal(inOneLine("x".repeat(1500)).length, 1500);
});

Deno.test("an InputError is one line, whatever names it quotes", () => {
  for (const name of ODD_NAMES) {
    const { message } = new InputError(`file ${name} is wrong; mend it`);
    assert.doesNotMatch(message, OBEYED);
    assert.doesNotMatch(message, /[\n\r\u2028\u2029\t]/);
    assert.ok(message.startsWith("file ") && message.endsWith("mend it"), message);
  }
});

Deno.test("no name of a layer reaches the terminal with what it obeys: text, notes, tables, JSON and progress", () => {
  for (const name of ODD_NAMES) {
    for (const json of [false, true]) {
      const written = { out: "", err: "" };
      const program = new Command().option("--json")
        .configureOutput({ writeOut: (text) => written.out += text, writeErr: (text) => written.err += text });
      const command = program.command("do").action(() => {});
      program.parse(json ? ["do", "--json"] : ["do"], { from: "user" });
      printResult(command, { name }, formatTable(["layer"], [[name]]));
      printNote(command, `note: ${name}`);
      assert.doesNotMatch(written.out, OBEYED);
      assert.doesNotMatch(written.err, OBEYED);
      if (json) assert.deepEqual(JSON.parse(written.out), { name }); // the same name, though it is written otherwise
      else assert.equal(written.out.split("\n").filter((line) => /[^─┌┐├┤┬┴┼└┘│]/.test(line)).length, 2, written.out);
    }
    let time = 0;
    const lines: string[] = [];
    const progress = createProgress({
      ...{ title: name, total: 2, unit: "units", terminal: false, now: () => time += 20_000 },
      writeLine: (line) => lines.push(line),
    });
    progress.update(1, name);
    progress.stop();
    assert.ok(lines.length > 0);
    for (const line of lines) assert.doesNotMatch(line, OBEYED);
    for (const line of lines) assert.doesNotMatch(line, /\n/);
  }
});

Deno.test("escapeObeyed() leaves JSON that reads back the same", () => {
  const value = { "a\x9b": "\x1b\x7f\u202e", b: ["\u2066", 1, null] };
  const json = escapeObeyed(JSON.stringify(value, null, 2));
  assert.doesNotMatch(json, OBEYED);
  assert.deepEqual(JSON.parse(json), value);
});
