import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { memoryLimit } from "../../lib/jobs/mod.ts";
import { inFolder } from "../in_folder.ts";

/** A made-up system: files by their paths. */
async function limitOf(files: Readonly<Record<string, string>>) {
  let limit: ReturnType<typeof memoryLimit> = null;
  await inFolder(async (root) => {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(join(root, dirname(path)), { recursive: true });
      await Deno.writeTextFile(join(root, path), text);
    }
    limit = memoryLimit(root);
  });
  return limit;
}

const GROUP = "sys/fs/cgroup";

Deno.test("memoryLimit() of version 2 is the limit less what is used, but for pages that can be given up", async () => {
  const files = {
    "proc/self/cgroup": "0::/\n",
    [`${GROUP}/memory.max`]: "1610612736\n", // 1.5 GiB
    [`${GROUP}/memory.current`]: "600000000\n",
    [`${GROUP}/memory.stat`]: "anon 400000000\nfile 200000000\ninactive_file 150000000\nactive_file 50000000\n",
  };
  // 1,610,612,736 - (600,000,000 - 150,000,000)
  assert.deepEqual(await limitOf(files), { limitBytes: 1_610_612_736, freeBytes: 1_160_612_736 });
  assert.equal(await limitOf({ ...files, [`${GROUP}/memory.max`]: "max\n" }), null);
  const over = { ...files, [`${GROUP}/memory.current`]: "1900000000\n" };
  assert.deepEqual(await limitOf(over), { limitBytes: 1_610_612_736, freeBytes: 0 });
});

Deno.test("memoryLimit() of version 2 is the tightest of the group and those above it", async () => {
  const files = {
    "proc/self/cgroup": "0::/user.slice/run.scope\n",
    [`${GROUP}/user.slice/memory.max`]: "2000000000\n",
    [`${GROUP}/user.slice/memory.current`]: "500000000\n",
    [`${GROUP}/user.slice/run.scope/memory.max`]: "max\n",
  };
  assert.deepEqual(await limitOf(files), { limitBytes: 2e9, freeBytes: 1.5e9 });
  const both = { ...files, [`${GROUP}/user.slice/run.scope/memory.max`]: "1800000000\n" };
  assert.deepEqual(await limitOf({ ...both, [`${GROUP}/user.slice/run.scope/memory.current`]: "100000000\n" }), {
    limitBytes: 1.8e9,
    freeBytes: 1.5e9,
  });
});

Deno.test("memoryLimit() of version 1 is that of the group, or of the mount where the container hides the path", async () => {
  const files = {
    "proc/self/cgroup": "9:name=systemd:/\n5:cpu,cpuacct:/docker/1f\n4:memory:/docker/1f\n",
    [`${GROUP}/memory/memory.limit_in_bytes`]: "1500000000\n",
    [`${GROUP}/memory/memory.usage_in_bytes`]: "300000000\n",
    [`${GROUP}/memory/memory.stat`]: "inactive_file 1\ntotal_inactive_file 100000000\n",
  };
  assert.deepEqual(await limitOf(files), { limitBytes: 1.5e9, freeBytes: 1.3e9 });
  const unlimited = { ...files, [`${GROUP}/memory/memory.limit_in_bytes`]: "9223372036854771712\n" };
  assert.equal(await limitOf(unlimited), null);
  const inner = { ...unlimited, [`${GROUP}/memory/docker/1f/memory.limit_in_bytes`]: "1000000000\n" };
  assert.deepEqual(await limitOf(inner), { limitBytes: 1e9, freeBytes: 1e9 });
});

Deno.test("memoryLimit() is null without control groups", async () => assert.equal(await limitOf({}), null));
