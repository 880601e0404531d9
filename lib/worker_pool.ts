/**
 * Threads that each hold what they need and work through tasks: one processor core each. Results come back as copies, in
 * whatever order they are done; the first failure ends the pool.
 *
 * @module
 */
import { InputError, messageOf } from "./errors.ts";

/** What a caller of `run` may watch. */
export interface PoolEvents<Result> {
  /** Called once for each task, when it is done. What it throws ends the pool, as a task that fails does. */
  readonly onResult: (index: number, result: Result, seconds: number) => void;
  /** Called now and then with the share of a task that is done, in [0, 1]; never after the task's result. */
  readonly onProgress?: (index: number, share: number) => void;
}

/** Workers that are ready. */
export interface WorkerPool<Task, Result> {
  /** Number of workers. */
  readonly count: number;
  /**
   * Has the workers do the tasks, begun in the order given, one at a time each. Once it has resolved, it may be called again.
   *
   * The first failure, of a task, a worker or a callback, ends the pool: nothing more is begun, what is under way is cut
   * off, and no callback is called any more.
   *
   * @throws that failure, an `InputError` as such; when the pool has ended before; when it is at other tasks.
   */
  run(tasks: readonly Task[], events: PoolEvents<Result>): Promise<void>;
  /** Ends the workers, whatever they are doing; a `run` that is under way rejects. */
  close(): void;
}

/** What a worker makes of its tasks, once it is ready. It tells of no progress after it has returned. */
export type Handler<Task, Result> = (task: Task, onProgress: (share: number) => void) => Result | Promise<Result>;

type Reply =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly share: number }
  | { readonly kind: "result"; readonly result: unknown; readonly seconds: number }
  | { readonly kind: "error"; readonly input: boolean; readonly message: string; readonly stack?: string };

/** What a worker has been told to do, until it has answered. */
interface Request {
  /** Called with each reply; returns whether it is the last one. */
  readonly onReply: (reply: Reply) => boolean;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Starts workers.
 *
 * @param script the module of the worker; it calls `serveTasks`.
 * @param count number of workers.
 * @param init what each worker begins with; it is copied to each, but for memory that is shared.
 * @throws what a worker threw while it got ready, an `InputError` as such.
 */
export async function createWorkerPool<Init, Task, Result>(
  script: URL,
  count: number,
  init: Init,
): Promise<WorkerPool<Task, Result>> {
  if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`count of workers is ${count}`);
  const workers = Array.from({ length: count }, () => new Worker(script, { type: "module" }));
  const requests = new Map<Worker, Request>();
  let ended: { readonly reason: unknown } | undefined;

  const end = (reason: unknown) => {
    if (ended !== undefined) return;
    ended = { reason };
    for (const worker of workers) worker.terminate();
    for (const { reject } of requests.values()) reject(reason);
  };
  const ask = (worker: Worker, message: unknown, onReply: Request["onReply"]) =>
    new Promise<void>((resolve, reject) => {
      if (ended !== undefined) return reject(ended.reason);
      requests.set(worker, { onReply, resolve, reject });
      try {
        worker.postMessage(message);
      } catch (error) {
        end(error); // it cannot be copied
      }
    });

  for (const worker of workers) {
    worker.onmessage = ({ data: reply }: MessageEvent<Reply>) => {
      const request = requests.get(worker);
      if (ended !== undefined || request === undefined) return;
      try {
        if (reply.kind === "error") throw toError(reply);
        if (!request.onReply(reply)) return;
        requests.delete(worker);
        request.resolve();
      } catch (error) {
        end(error); // here and now: replies of other workers may be waiting in line
      }
    };
    // what no task of its own threw: the worker is dead, and a message to it would never be answered
    worker.onerror = (event) => {
      event.preventDefault();
      end(new Error(`a worker died: ${event.message}`));
    };
    worker.onmessageerror = () => end(new Error("a worker's reply cannot be read"));
  }

  await Promise.all(workers.map((worker) => ask(worker, init, ({ kind }) => kind === "ready")));
  let running = false;
  return {
    count,
    close: () => end(new Error("the workers were closed")),
    run: async (tasks, { onResult, onProgress }) => {
      if (ended !== undefined) throw ended.reason;
      if (running) throw new Error("the workers are at other tasks");
      running = true;
      let next = 0;
      const work = async (worker: Worker) => {
        while (next < tasks.length) {
          const index = next++;
          await ask(worker, tasks[index], (reply) => {
            if (reply.kind === "progress") onProgress?.(index, reply.share);
            if (reply.kind !== "result") return false;
            onResult(index, reply.result as Result, reply.seconds);
            return true;
          });
        }
      };
      try {
        await Promise.all(workers.map(work));
      } finally {
        running = false;
      }
    },
  };
}

function toError({ input, message, stack }: Extract<Reply, { kind: "error" }>): Error {
  if (input) return new InputError(message);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** A worker's own side; TypeScript's library for pages does not know it. */
interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: Reply): void;
}

/**
 * Called once by a worker's module: gets ready with what the pool began it with, then does its tasks.
 *
 * @param start returns what does a task. What it or a task throws is thrown by the pool.
 */
export function serveTasks<Init, Task, Result>(start: (init: Init) => Promise<Handler<Task, Result>>): void {
  const scope = globalThis as unknown as WorkerScope;
  const guarded = (action: () => Promise<void>) =>
    action().catch((error) =>
      scope.postMessage({
        kind: "error",
        input: error instanceof InputError,
        message: messageOf(error),
        stack: error instanceof Error ? error.stack : undefined,
      })
    );
  console.log = (...parts: unknown[]) => console.error(...parts); // libraries must not write into the caller's result
  scope.onmessage = ({ data: init }) =>
    guarded(async () => {
      const handle = await start(init as Init);
      scope.onmessage = ({ data: task }) =>
        guarded(async () => {
          const began = performance.now();
          const result = await handle(task as Task, (share) => scope.postMessage({ kind: "progress", share }));
          scope.postMessage({ kind: "result", result, seconds: (performance.now() - began) / 1000 });
        });
      scope.postMessage({ kind: "ready" });
    });
}
