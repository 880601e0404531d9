import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { createWorkerPool, type WorkerPool } from "../../lib/jobs/worker_pool.ts";
import type { Init, Task } from "./pool_worker.ts";

const SCRIPT = new URL("./pool_worker.ts", import.meta.url);

/** A pool for the time of a test. */
async function withPool(count: number, init: Init, test: (pool: WorkerPool<Task, number>) => Promise<void>) {
  const pool = await createWorkerPool<Init, Task, number>(SCRIPT, count, init);
  try {
    await test(pool);
  } finally {
    pool.close();
  }
}

/** The results of tasks, by their index, and in what order they were done. */
async function perform(pool: WorkerPool<Task, number>, tasks: readonly Task[]) {
  const results: number[] = [];
  const order: number[] = [];
  await pool.run(tasks, {
    onResult: (index, result, seconds) => {
      assert.ok(seconds >= 0 && seconds < 60);
      results[index] = result;
      order.push(index);
    },
  });
  return { results, order };
}

const numbers = (count: number): Task[] => Array.from({ length: count }, (_, to): Task => ({ kind: "add", to }));
const none = { onResult: () => assert.fail("there is no result") };

Deno.test("run() gives each task's result by its index, whichever is done first, and may be called again", () =>
  withPool(2, { offset: 10 }, async (pool) => {
    assert.equal(pool.count, 2);
    assert.ok(pool.startSeconds > 0);
    const slowFirst: Task[] = [{ kind: "add", to: 0, wait: 300 }, ...numbers(4)];
    const { results, order } = await perform(pool, slowFirst);
    assert.deepEqual(results, [10, 10, 11, 12, 13]);
    assert.deepEqual(order, [1, 2, 3, 4, 0]); // the other worker does all the rest meanwhile
    assert.deepEqual((await perform(pool, numbers(3))).results, [10, 11, 12]);
  }));

Deno.test("run() with one worker begins tasks in their order, and shares memory rather than copies it", () =>
  withPool(1, { offset: 0, shared: new Int32Array(new SharedArrayBuffer(4)) }, async (pool) => {
    const tasks = Array.from({ length: 5 }, (): Task => ({ kind: "place" }));
    assert.deepEqual(await perform(pool, tasks), { results: [0, 1, 2, 3, 4], order: [0, 1, 2, 3, 4] });
  }));

Deno.test("run() of no tasks does nothing, and workers without a task do not hinder", () =>
  withPool(3, { offset: 5 }, async (pool) => {
    await pool.run([], none);
    assert.deepEqual((await perform(pool, numbers(1))).results, [5]);
  }));

Deno.test("run() tells the progress of each task, before its result", () =>
  withPool(2, { offset: 0 }, async (pool) => {
    const told: string[] = [];
    const tasks: Task[] = [{ kind: "tell", shares: [0.25, 0.5] }, { kind: "tell", shares: [0.75] }];
    await pool.run(tasks, {
      onProgress: (index, share) => told.push(`${index}: ${share}`),
      onResult: (index, result) => told.push(`${index} did ${result}`),
    });
    assert.deepEqual(told.filter((line) => line.startsWith("0")), ["0: 0.25", "0: 0.5", "0 did 2"]);
    assert.deepEqual(told.filter((line) => line.startsWith("1")), ["1: 0.75", "1 did 1"]);
  }));

Deno.test("createWorkerPool() throws what a worker threw while it got ready", async () => {
  const create = (fail: Init["fail"]) => createWorkerPool<Init, Task, number>(SCRIPT, 2, { offset: 0, fail });
  await assert.rejects(create("input"), new InputError("the weights are missing; fetch them"));
  await assert.rejects(create("other"), (error: Error) => {
    assert.ok(!(error instanceof InputError));
    assert.equal(error.message, "no engine");
    assert.match(error.stack!, /pool_worker\.ts/, "the stack is the worker's");
    return true;
  });
});

Deno.test("createWorkerPool() refuses a count that is none", async () => {
  for (const count of [0, -1, 1.5, NaN]) {
    await assert.rejects(createWorkerPool(SCRIPT, count, { offset: 0 }), RangeError);
  }
});

Deno.test("createWorkerPool() refuses what cannot be copied", async () => {
  await assert.rejects(createWorkerPool(SCRIPT, 2, { offset: () => 0 }), /could not be cloned/);
});

Deno.test("run() throws what a task threw, begins nothing more, and gives up what is under way", async () => {
  const cases: [Task, (error: Error) => void][] = [
    [{ kind: "fail", how: "input" }, (error) => {
      assert.deepEqual(error, new InputError("unit 7 is out of range; choose 0 to 5"));
    }],
    [{ kind: "fail", how: "other" }, (error) => {
      assert.ok(!(error instanceof InputError));
      assert.equal(error.message, "not that");
    }],
    [{ kind: "fail", how: "uncopied" }, (error) => assert.match(error.message, /could not be cloned/)],
  ];
  await withPool(2, { offset: 0, shared: new Int32Array(new SharedArrayBuffer(4)) }, async (pool) => {
    for (const [failing, check] of cases) {
      const tasks: Task[] = [{ kind: "hang" }, failing, { kind: "place" }, { kind: "place" }];
      await assert.rejects(pool.run(tasks, none), (error: Error) => {
        check(error);
        return true;
      });
    }
    // the workers are free again, hear nothing of earlier tasks, and none of the tasks behind the failing ones was begun
    const { results } = await perform(pool, [{ kind: "add", to: 7 }, { kind: "place" }]);
    assert.deepEqual(results, [7, 0]);
  });
});

Deno.test("run() waits for a task that tells of no progress, and drops its result", () =>
  withPool(2, { offset: 0 }, async (pool) => {
    const began = performance.now();
    const slow: Task = { kind: "add", to: 1, wait: 200 };
    await assert.rejects(pool.run([slow, { kind: "fail", how: "other" }], none), /not that/);
    assert.ok(performance.now() - began >= 150);
  }));

Deno.test("run() refuses a task that cannot be copied", () =>
  withPool(1, { offset: 0 }, async (pool) => {
    const task = { kind: "add", to: () => 0 } as unknown as Task;
    await assert.rejects(pool.run([task], none), /could not be cloned/);
  }));

Deno.test("run() throws what onResult or onProgress threw, and calls neither again", async () => {
  const full = () => {
    throw new Error("the disk is full");
  };
  await withPool(3, { offset: 0 }, async (pool) => {
    let results = 0;
    const onResult = () => {
      results++;
      full();
    };
    await assert.rejects(pool.run(numbers(9), { onResult }), /^Error: the disk is full$/);
    assert.equal(results, 1);
  });
  await withPool(1, { offset: 0 }, async (pool) => {
    let calls = 0;
    const onProgress = () => {
      calls++;
      full();
    };
    const tasks: Task[] = [{ kind: "tell", shares: [0, 0.5, 1] }, ...numbers(1)];
    await assert.rejects(pool.run(tasks, { ...none, onProgress }), /^Error: the disk is full$/);
    assert.equal(calls, 1);
  });
});

Deno.test("run() is refused while another is under way, which goes on", () =>
  withPool(1, { offset: 1 }, async (pool) => {
    const first = perform(pool, numbers(3));
    await assert.rejects(pool.run(numbers(1), none), /the workers are at other tasks/);
    assert.deepEqual((await first).results, [1, 2, 3]);
  }));

Deno.test("close() makes a run under way reject, and every later one; closing again is nothing", () =>
  withPool(2, { offset: 0 }, async (pool) => {
    const run = pool.run([{ kind: "hang" }, { kind: "hang" }, ...numbers(1)], none);
    pool.close();
    pool.close();
    await assert.rejects(run, /the workers were closed/);
    await assert.rejects(pool.run(numbers(1), none), /the workers were closed/);
  }));

// in a process of its own, since Deno itself prints what a worker dies of
Deno.test("a worker that dies is noticed, whenever it does, and what workers print is not in the process's output", async () => {
  const program = `
    import { createWorkerPool } from ${JSON.stringify(import.meta.resolve("../../lib/jobs/worker_pool.ts"))};
    const script = new URL(${JSON.stringify(SCRIPT.href)});
    const said = (promise) => promise.then(() => "nothing", (error) => error.message);
    const ready = await said(createWorkerPool(script, 2, { offset: 0, fail: "death" }));
    const absent = await said(createWorkerPool(new URL("./none.ts", script), 1, {}));
    const events = { onResult: () => {} };
    const pool = await createWorkerPool(script, 2, { offset: 0 });
    const adding = { kind: "add", to: 1, wait: 50 };
    const task = await said(pool.run([adding, { kind: "fail", how: "death" }, adding], events));
    const after = await said(pool.run([adding, adding], events));
    const other = await createWorkerPool(script, 1, { offset: 0 });
    await other.run([{ kind: "print" }, { kind: "die later" }], events);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const between = await said(other.run([{ kind: "add", to: 1 }], events));
    pool.close();
    console.log(JSON.stringify({ ready, absent, task, after, between }));
  `;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", "--ext=ts", program],
    cwd: import.meta.dirname,
    stdin: "null",
    stderr: "null",
  }).output();
  assert.equal(code, 0);
  const { ready, absent, task, after, between } = JSON.parse(new TextDecoder().decode(stdout));
  assert.match(ready, /^a worker died: .*no memory/);
  assert.match(absent, /^a worker died: Module not found .*none\.ts/);
  assert.match(task, /^a worker died: .*no memory/);
  assert.equal(after, task, "it stays dead");
  assert.match(between, /^a worker died: .*too late to be noticed/);
});
