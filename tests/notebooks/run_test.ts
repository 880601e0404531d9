import assert from "node:assert/strict";

const RUN = new URL("./run.ts", import.meta.url).pathname;

Deno.test("notebooks has help, and refuses what it does not know in a line", async () => {
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-all", RUN, ...args],
    }).output();
    return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
  };
  const help = await run("--help");
  assert.equal(help.code, 0);
  for (const option of ["--small", "--write", "--check-same", "--keep <dir>"]) assert.ok(help.out.includes(option));
  const wrong = await run("--smal");
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /^error: unknown option '--smal'\n\(Did you mean --small\?\)\n$/);
  const nowhere = await run("--keep", "/dev/null/x", "04_cluster");
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.err, /^\/dev\/null\/x cannot be made: [^\n]*; choose another folder with --keep\n$/);
});
