import assert from "node:assert/strict";
import { join } from "node:path";

const ROOT = join(import.meta.dirname!, "..");
const STREAMS = join(ROOT, "lib", "streams.ts");

/** Reads slowly, by a pipe or socket that does not wait, what a program writes to standard output and standard error. */
const SLOW_READER = `
import os, socket, subprocess, sys, time
def ends(kind):
    if kind == "pipe":
        return os.pipe()
    reader, writer = socket.socketpair()
    return reader.detach(), writer.detach()
for kind in ("pipe", "socket"):
    for stream in ("stdout", "stderr"):
        reader, writer = ends(kind)
        os.set_blocking(writer, False)
        child = subprocess.Popen([*sys.argv[1:], stream], **{stream: writer})
        os.close(writer)
        time.sleep(1)
        read = b""
        while piece := os.read(reader, 7777):
            read += piece
            time.sleep(.001)
        assert child.wait() == 0
        lines = "".join(f"S = ½, line {i}\\n" for i in range(30000))
        expected = (lines + "x" * 100000).encode()
        assert read == expected, f"{kind}, {stream}: {len(read)} bytes of {len(expected)}"
`;
const WRITER = `
import { writeErr, writeOut } from ${JSON.stringify(STREAMS)};
const text = Array.from({ length: 30000 }, (_, i) => \`S = ½, line \${i}\\n\`).join("") + "x".repeat(100000);
(Deno.args[0] === "stdout" ? writeOut : writeErr)(text);
`;
const python = await new Deno.Command("python3", { args: ["--version"] }).output().then(
  ({ success }) => success,
  () => false,
);

Deno.test({
  name: "writeOut() and writeErr() write every byte to a pipe or socket that is full and does not wait" +
    (python ? "" : "; skipped: there is no python3; install it"),
  ignore: !python,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const writer = join(folder, "writer.ts");
      await Deno.writeTextFile(writer, WRITER);
      const { success, stderr } = await new Deno.Command("python3", {
        args: ["-c", SLOW_READER, Deno.execPath(), "run", "--no-check", "--allow-read", writer],
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("a command whose reader has gone exits with 0 and says nothing", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", join(ROOT, "lib", "cli", "main.ts"), "weights", "list", "--json"],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  let said = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) said += text;
  assert.equal((await child.status).code, 0);
  assert.equal(said, "");
});
