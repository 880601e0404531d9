/** What a command may do: a model in TypeScript that tries more is refused, and whoever needs a file that lies elsewhere is told how. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inFolder } from "../in_folder.ts";
import { makeRun } from "../store/example_run.ts";
import { finish, type Finished } from "./command.ts";

/** A model that tries what it is told in place of making a network, and says what came of each. */
const TRIES = `
const tries = TRIES;
export default async function () {
  const found = {};
  for (const [name, attempt] of Object.entries(tries)) {
    try {
      await attempt();
      found[name] = "done";
    } catch (error) {
      found[name] = error.name + ": " + error.message.slice(0, 40); // a long message has its middle left out
    }
  }
  throw new Error(JSON.stringify(found));
}
`;

/** Runs `layers` of a model that tries things; gives what came of each. */
async function tryAll(folder: string, tries: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const attempts = Object.entries(tries).map(([name, code]) => `${JSON.stringify(name)}: () => ${code},`).join("\n");
  const models = join(folder, "models");
  await Deno.mkdir(models, { recursive: true });
  await Deno.writeTextFile(join(models, "model.ts"), TRIES.replace("TRIES", `{${attempts}}`));
  const ran = await finish(folder, "layers", join(models, "model.ts"));
  return JSON.parse(/makes no network: (\{.*\})/.exec(refusal(ran))![1]);
}

/** The one line of a refusal. */
function refusal({ code, out, err }: Finished): string {
  assert.equal(code, 2, err);
  assert.equal(out, "");
  const errors = err.split("\n").filter((line) => line.startsWith("error: "));
  assert.equal(errors.length, 1, err);
  return errors[0];
}

const text = (value: string) => JSON.stringify(value);

Deno.test("a model in TypeScript reads what lies beside it, and nothing else", () =>
  inFolder(async (folder) => {
    const secret = join(folder, ".ssh", "key");
    await Deno.mkdir(join(folder, ".ssh"));
    await Deno.writeTextFile(secret, "secret");
    await Deno.writeTextFile(join(folder, ".ssh", "key.json"), "{}");
    await Deno.writeTextFile(join(folder, ".ssh", "module.ts"), "export default 1;");
    await Deno.mkdir(join(folder, "models", ".hidden"), { recursive: true });
    await Deno.writeTextFile(join(folder, "models", ".hidden", "key"), "secret");
    await Deno.writeTextFile(join(folder, "models", "beside.txt"), "beside");
    const there = text(`file://${secret}.json`);
    const found = await tryAll(folder, {
      beside: `Deno.readTextFile(${text(join(folder, "models", "beside.txt"))})`,
      hidden: `Deno.readTextFile(${text(join(folder, "models", ".hidden", "key"))})`,
      key: `Deno.readTextFile(${text(secret)})`,
      "by its way": `Deno.readTextFile(${text(join(folder, "models", "..", ".ssh", "key"))})`,
      size: `Deno.stat(${text(secret)})`,
      folder: `Array.fromAsync(Deno.readDir(${text(folder)}))`,
      node: `import("node:fs").then((fs) => fs.readFileSync(${text(secret)}))`,
      json: `import(${there}, { with: { type: "json" } })`,
      module: `import(${text(`file://${folder}/.ssh/module.ts`)})`,
      database: `import("node:sqlite").then(({ DatabaseSync }) => new DatabaseSync(${text(secret)}))`,
      hosts: `Deno.readTextFile("/etc/hosts")`,
      environment: `Deno.readTextFile("/proc/self/environ")`,
    });
    const { beside, ...others } = found;
    assert.equal(beside, "done");
    for (const [name, said] of Object.entries(others)) assert.match(said, /Requires|NotCapable/, `${name}: ${said}`);
  }));

Deno.test("a model in TypeScript writes nothing, starts no program and reaches no network", () =>
  inFolder(async (folder) => {
    const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    let connections = 0;
    const accepting = (async () => {
      for await (const connection of server) {
        connections++;
        connection.close();
      }
    })();
    const { port } = server.addr as Deno.NetAddr;
    const target = text(join(folder, "models", "written"));
    const found = await tryAll(folder, {
      write: `Deno.writeTextFile(${target}, "x")`,
      make: `Deno.mkdir(${target})`,
      link: `Deno.symlink("/etc/hosts", ${target})`,
      remove: `Deno.remove(${text(join(folder, "models", "model.ts"))})`,
      temporary: `Deno.makeTempFile()`,
      profile: `Deno.writeTextFile(${text(join(Deno.env.get("HOME")!, ".polysem-written"))}, "x")`,
      models: `Deno.writeTextFile(${text(join(import.meta.dirname!, "..", "..", "models", "written"))}, "x")`,
      fetch: `fetch("http://127.0.0.1:${port}/")`,
      connect: `Deno.connect({ hostname: "127.0.0.1", port: ${port} })`,
      node:
        `import("node:net").then((net) => new Promise((_, no) => net.connect(${port}, "127.0.0.1").on("error", no)))`,
      program: `new Deno.Command("touch", { args: [${target}] }).output()`,
      "node's": `import("node:child_process").then((each) => each.execFileSync("touch", [${target}]))`,
      signal: `Deno.kill(1, "SIGCONT")`,
      package: `import("npm:" + "a-package-that-nobody-asked-for")`,
      url: `import("http://127.0.0.1:${port}/" + "module.ts")`,
      thread:
        `Promise.resolve(new Worker("data:text/javascript,1", { type: "module", deno: { permissions: { read: true } } }))`,
    });
    const { "node's": program, package: fetched, url, thread, link, ...others } = found;
    for (const [name, said] of Object.entries(others)) assert.match(said, /Requires|NotCapable/, `${name}: ${said}`);
    assert.match(program, /Command failed/);
    assert.match(fetched, /not found in cache|Failed loading/);
    assert.match(url, /Requires import access|remote/);
    assert.match(thread, /Can't escalate/);
    assert.match(link, /unscoped/);
    server.close();
    await accepting;
    assert.equal(connections, 0);
    await assert.rejects(Deno.stat(join(folder, "models", "written")), Deno.errors.NotFound);
  }));

Deno.test("a refused file is one line that says what to do, and POLYSEM_READ is what it says", () =>
  inFolder(async (folder) => {
    const shared = join(folder, "shared", "layers.ts");
    await Deno.mkdir(join(folder, "shared"));
    await Deno.mkdir(join(folder, "models"));
    await Deno.writeTextFile(shared, `export const message = "it was imported";`);
    const file = join(folder, "models", "model.ts");
    await Deno.writeTextFile(
      file,
      `import { message } from "../shared/layers.ts"; export default () => { throw new Error(message); };`,
    );
    assert.match(
      refusal(await finish(folder, "layers", file)),
      /model\.ts cannot be loaded: ".*shared\/layers\.ts" is none of the files that this command may read.*POLYSEM_READ/,
    );
    Deno.env.set("POLYSEM_READ", join(folder, "shared"));
    try {
      assert.match(refusal(await finish(folder, "layers", file)), /makes no network: it was imported/);
    } finally {
      Deno.env.delete("POLYSEM_READ");
    }
  }));

Deno.test("a run and a file to write may lie where links lead", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "real"));
    await Deno.symlink(join(folder, "real"), join(folder, "link"));
    makeRun(join(folder, "real", "run"), [0]);
    const run = join(folder, "link", "run");
    for (const args of [["export", run], ["export", "--out", join(folder, "link", "x.csv"), "--", run]]) {
      const { code, err } = await finish(folder, ...args);
      assert.equal(code, 0, err);
    }
    assert.equal((await Deno.stat(join(folder, "real", "x.csv"))).size > 0, true);
    assert.equal((await Deno.stat(join(folder, "real", "run", "scores.csv"))).size > 0, true);
  }));

Deno.test("what a killed command left of a file is removed by the next one that writes it", () =>
  inFolder(async (folder) => {
    makeRun(join(folder, "run"), [0]);
    const left = ["x.csv.1.tmp", "y.csv.1.tmp"].map((name) => join(folder, name));
    for (const path of left) await Deno.writeTextFile(path, "");
    const { code, err } = await finish(folder, "export", join(folder, "run"), "--out", join(folder, "x.csv"));
    assert.equal(code, 0, err);
    await assert.rejects(Deno.stat(left[0]), Deno.errors.NotFound);
    await Deno.stat(left[1]); // another file's
  }));
