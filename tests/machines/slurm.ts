/** A Slurm of one machine, started for tests in a folder of its own: its own key, sockets and ports. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";

const DAEMONS = ["munged", "slurmctld", "slurmd"].map((name) => `/usr/sbin/${name}`);

/** Why Slurm cannot be started here; null where it can. */
export function slurmMissing(): string | null {
  const missing = [...DAEMONS, "/usr/bin/sbatch"].filter((path) => !existsSync(path));
  if (missing.length > 0) return `${missing.join(", ")} missing; \`apt-get install slurm-wlm munge\` as root`;
  return Deno.uid() === 0 ? null : "slurmd must be started by root";
}

/** A started Slurm. */
export interface Slurm {
  /** What a program needs to reach it. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs one of its tools to its end and gives what it printed. */
  tool(name: string, ...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** A port that nothing listens on now. */
function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return (listener.addr as Deno.NetAddr).port;
}

/**
 * Starts a controller and one node of so many processors.
 *
 * @param folder an empty folder, readable by all.
 */
export async function startSlurm(folder: string, cpus: number): Promise<Slurm> {
  const host = Deno.hostname();
  const [controller, node] = [freePort(), freePort()];
  await Deno.writeFile(join(folder, "munge.key"), crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o400 });
  await Deno.mkdir(join(folder, "state"));
  await Deno.mkdir(join(folder, "spool"));
  await Deno.chmod(folder, 0o755); // munged wants no one else to write there
  const socket = join(folder, "munge.socket");
  const conf = join(folder, "slurm.conf");
  await Deno.writeTextFile(
    conf,
    [
      "ClusterName=polysem",
      `SlurmctldHost=${host}(127.0.0.1)`,
      `SlurmctldPort=${controller}`,
      `SlurmdPort=${node}`,
      "SlurmUser=root",
      "AuthType=auth/munge",
      `AuthInfo=socket=${socket},cred_expire=5`, // a task that is queued again waits for that long
      "CredType=cred/munge",
      `StateSaveLocation=${join(folder, "state")}`,
      `SlurmdSpoolDir=${join(folder, "spool")}`,
      `SlurmctldPidFile=${join(folder, "slurmctld.pid")}`,
      `SlurmdPidFile=${join(folder, "slurmd.pid")}`,
      `SlurmctldLogFile=${join(folder, "slurmctld.log")}`,
      `SlurmdLogFile=${join(folder, "slurmd.log")}`,
      "ProctrackType=proctrack/linuxproc",
      "TaskPlugin=task/none",
      "JobAcctGatherType=jobacct_gather/none",
      "AccountingStorageType=accounting_storage/none",
      "SelectType=select/cons_tres",
      "SelectTypeParameters=CR_CPU",
      "SchedulerParameters=sched_interval=2,batch_sched_delay=0,sched_min_interval=0,requeue_delay=1",
      "MpiDefault=none",
      "ReturnToService=2",
      "KillWait=10",
      "MinJobAge=300",
      `NodeName=${host} NodeAddr=127.0.0.1 CPUs=${cpus} State=UNKNOWN`,
      `PartitionName=all Nodes=${host} Default=YES MaxTime=INFINITE State=UP`,
      "",
    ].join("\n"),
  );
  // newer versions know that none is wanted; older ones look for none where one is named that nothing uses
  const { stdout } = await new Deno.Command(DAEMONS[2], { args: ["-V"] }).output();
  const [, version] = /slurm\S* (\d+)/.exec(new TextDecoder().decode(stdout)) ?? [];
  const plugin = Number(version) >= 23 ? "disabled" : "cgroup/v1";
  await Deno.writeTextFile(join(folder, "cgroup.conf"), `CgroupPlugin=${plugin}\n`);
  const env = { SLURM_CONF: conf };
  const start = (path: string, ...args: string[]) =>
    new Deno.Command(path, { args, env, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  const tool = async (name: string, ...args: string[]) => {
    const { success, stdout, stderr } = await new Deno.Command(name, { args, env, stdin: "null" }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.ok(success, `${name} ${args.join(" ")}: ${text(stderr)}`);
    return text(stdout);
  };
  const children = [
    start(
      DAEMONS[0],
      "--foreground",
      "--force",
      `--key-file=${join(folder, "munge.key")}`,
      `--socket=${socket}`,
      `--pid-file=${join(folder, "munged.pid")}`,
      `--log-file=${join(folder, "munged.log")}`,
      `--seed-file=${join(folder, "munged.seed")}`,
    ),
  ];
  const stop = async () => {
    for (const child of children.toReversed()) {
      try {
        child.kill("SIGTERM");
      } catch {
        // it has ended
      }
      await child.status;
    }
  };
  try {
    await until("munged", () => existsSync(socket));
    children.push(start(DAEMONS[1], "-D"), start(DAEMONS[2], "-D", "-N", host));
    await until("an idle node", async () => {
      try {
        return (await tool("sinfo", "-h", "-o", "%T")).trim() === "idle";
      } catch {
        return false;
      }
    });
  } catch (error) {
    const log = (name: string) => existsSync(join(folder, name)) ? Deno.readTextFileSync(join(folder, name)) : "";
    console.error(log("munged.log"), log("slurmctld.log"), log("slurmd.log"));
    await stop();
    throw error;
  }
  return { env, tool, stop };
}

/** Waits until something holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, seconds = 180): Promise<void> {
  for (const begun = Date.now(); !await holds();) {
    assert.ok(Date.now() - begun < 1000 * seconds, `waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
