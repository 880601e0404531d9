/**
 * A run on a real NFS 4.2 that two machines share: three kernels of User Mode Linux, one that serves and two that mount. What
 * locks, journal and readers promise is tried between them, with a process and with a whole machine killed.
 *
 *     deno run -A tests/machines/nfs/run.ts        as root, on Debian; takes about four minutes and 60 MB of packages
 *
 * The packages are unpacked into a temporary folder, not installed. By hand only: the host gets a network bridge for the while.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { until } from "../slurm.ts";

const PACKAGES = [
  "user-mode-linux",
  "nfs-kernel-server",
  "nfs-common",
  "libtirpc3",
  "libtirpc-common",
  "libwrap0",
  "libnsl2",
  "libevent-core-2.1-7",
  "keyutils",
  "busybox-static",
];

const folder = await Deno.makeTempDir({ prefix: "polysem-nfs-" });
const control = join(folder, "control");
const machines = new Map<string, Deno.ChildProcess>();

async function host(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, cwd: folder, stdout: "null" }).output();
  assert.ok(success, `${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

const ADDRESSES = { server: "10.9.0.1", one: "10.9.0.2", two: "10.9.0.3" };
type Role = keyof typeof ADDRESSES;

async function start(role: Role): Promise<void> {
  const tap = `nfs${role}`;
  await host("ip", "tuntap", "add", tap, "mode", "tap");
  await host("ip", "link", "set", tap, "master", "nfsbridge", "up");
  const args = [
    ...["mem=1500M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "con=null", "con0=fd:0,fd:1"],
    ...[`init=${join(import.meta.dirname!, "machine.sh")}`, `eth0=tuntap,${tap}`],
    ...[`role=${role}`, `ip=${ADDRESSES[role]}`, `folder=${folder}`],
  ];
  // a group of its own, so that all threads of the kernel can be killed at once
  const child = new Deno.Command("setsid", {
    args: ["--wait", join(folder, "r/usr/bin/linux.uml"), ...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  machines.set(role, child);
  await until(`machine ${role}`, () => existsSync(join(control, `${role}.up`)));
}

/** Kills a machine as a failure of its power does. */
async function kill(role: Role): Promise<void> {
  const { stdout } = await new Deno.Command("pgrep", { args: ["-f", `role=${role} .*folder=${folder}`] }).output();
  for (const pid of new TextDecoder().decode(stdout).trim().split("\n")) {
    try {
      Deno.kill(Number(pid), "SIGKILL");
    } catch {
      // it has ended with another
    }
  }
  await machines.get(role)!.status;
  machines.delete(role);
}

/** What a machine says to a command; to be told once its answer is there. */
async function tell(role: Role, command: string): Promise<() => Promise<string>> {
  const file = (ending: string) => join(control, `${role}.${ending}`);
  await Deno.remove(file("answer")).catch(() => {});
  await Deno.writeTextFile(file("part"), "");
  await Deno.writeTextFile(file("written"), command);
  await Deno.rename(file("written"), file("ask"));
  return async () => {
    await until(`an answer of ${role}`, () => existsSync(file("answer")));
    return Deno.readTextFileSync(file("answer")).trim();
  };
}

const action = (...words: (string | number)[]) =>
  [
    `DENO_DIR=${
      JSON.parse(
        new TextDecoder().decode(new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync().stdout),
      ).denoDir
    }`,
    Deno.execPath(),
    "run -A --no-check --cached-only --frozen",
    `--config ${join(import.meta.dirname!, "../../../deno.json")}`,
    join(import.meta.dirname!, "action.ts"),
    ...words,
  ].join(" ");

/** Asks again where V8 has crashed, as it does now and then on this kind of kernel, whatever it runs. */
async function ask(role: Role, ...words: (string | number)[]): Promise<string> {
  for (let attempt = 0;; attempt++) {
    const answer = await (await tell(role, action(...words)))();
    if (!/Segmentation fault|Trace\/breakpoint trap|Aborted/.test(answer) || attempt === 3) return answer;
  }
}

const saysSoFar = (role: Role) =>
  existsSync(join(control, `${role}.part`)) ? Deno.readTextFileSync(join(control, `${role}.part`)) : "";

async function check(what: string, action: () => Promise<void>): Promise<void> {
  const began = performance.now();
  await action();
  console.log(`ok: ${what} (${((performance.now() - began) / 1000).toFixed(0)} s)`);
}

try {
  await host("apt-get", "download", "-q", ...PACKAGES);
  for (const { name } of [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".deb"))) {
    await host("dpkg", "-x", name, "r");
  }
  await Deno.mkdir(control);
  await host("ip", "link", "add", "nfsbridge", "type", "bridge");
  await host("ip", "link", "set", "nfsbridge", "up");
  for (const role of ["server", "one", "two"] as const) await start(role);

  await check("a run that one machine writes is refused to the other, which may read it", async () => {
    const held = await tell("one", action("hold", "/mnt/nfs/a"));
    await until("a job", async () => await ask("two", "read", "/mnt/nfs/a") === "read conv1:2");
    assert.match(await ask("two", "open", "/mnt/nfs/a"), /is being written by another process \(\d+ on one\)/);
    await (await tell("two", "touch /mnt/nfs/a/go"))();
    assert.equal(await held(), "held until it had 0,1");
    assert.equal(await ask("two", "open", "/mnt/nfs/a"), "opened with 0,1");
  });

  await check("of 300 jobs that one machine commits, the other reads ever more, and never a half one", async () => {
    const wrote = await tell("one", action("write", "/mnt/nfs/b", 300));
    assert.match(await ask("two", "watch", "/mnt/nfs/b", 300), /watched with 0 failures, 0 times fewer$/);
    assert.equal(await wrote(), "wrote 300");
  });

  await check("a run whose writer was killed goes on on the other machine", async () => {
    await (await tell(
      "one",
      `${
        action("hold", "/mnt/nfs/c")
      } & p=$!; while ! [ -s /mnt/nfs/c/run.lock ]; do sleep 1; done; sleep 3; kill -9 $p; wait`,
    ))();
    assert.equal(await ask("two", "open", "/mnt/nfs/c"), "opened with 1");
  });

  await check("what a machine that dies in the middle of a write leaves is taken back by the other", async () => {
    await tell("one", action("half", "/mnt/nfs/d"));
    await until("half a write", () => /half written/.test(saysSoFar("one")));
    assert.match(await ask("two", "open", "/mnt/nfs/d"), /is being written by another process \(\d+ on one\)/);
    await kill("one");
    assert.equal(await ask("two", "read", "/mnt/nfs/d"), "read conv1:2");
    assert.equal(await ask("two", "open", "/mnt/nfs/d"), "opened with 1");
  });
} finally {
  for (const role of machines.keys()) await kill(role as Role);
  for (const link of [...Object.keys(ADDRESSES).map((role) => `nfs${role}`), "nfsbridge"]) {
    await host("ip", "link", "del", link).catch(() => {});
  }
  await Deno.remove(folder, { recursive: true });
}
