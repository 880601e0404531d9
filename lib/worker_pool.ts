/**
 * Threads that each hold what they need and work through tasks: one processor core each. Results come back as copies, in
 * whatever order they are done; a task that fails ends the work.
 *
 * @module
 */
import { InputError, messageOf } from "./errors.ts";

/** What a caller of `run` may watch. */
export interface PoolEvents<Result> {
  /** Called once for each task, when it is done; if it throws, no further task is begun and `run` rejects. */
  readonly onResult: (index: number, result: Result, seconds: number) => void;
  /** Called now and then with the share of a task that is done, in [0, 1]. */
  readonly onProgress?: (index: number, share: number) => void;
}

/** Workers that are ready. */
export interface WorkerPool<Task, Result> {
  /** Number of workers. */
  readonly count: number;
  /**
   * Has the workers do the tasks, begun in the order given, one at a time each.
   *
   * @throws what a task threw, an `InputError` as such; tasks under way then are not waited for.
   */
  run(tasks: readonly Task[], events: PoolEvents<Result>): Promise<void>;
  /** Ends the workers, whatever they are doing. */
  close(): void;
}

/** What a worker makes of its tasks, once it is ready. */
export type Handler<Task, Result> = (task: Task, onProgress: (share: number) => void) => Result | Promise<Result>;

type Reply =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly index: number; readonly share: number }
  | { readonly kind: "result"; readonly index: number; readonly result: unknown; readonly seconds: number }
  | { readonly kind: "error"; readonly input: boolean; readonly message: string; readonly stack?: string };

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
  const close = () => workers.forEach((worker) => worker.terminate());
  try {
    await Promise.all(
      workers.map((worker) => converse(worker, () => worker.postMessage(init), ({ kind }) => kind === "ready")),
    );
  } catch (error) {
    close();
    throw error;
  }
  return {
    count,
    close,
    run: async (tasks, { onResult, onProgress }) => {
      let next = 0;
      let failed = false;
      const work = async (worker: Worker) => {
        while (next < tasks.length && !failed) {
          const index = next++;
          await converse(worker, () => worker.postMessage({ index, task: tasks[index] }), (reply) => {
            if (reply.kind === "progress") onProgress?.(reply.index, reply.share);
            if (reply.kind !== "result") return false;
            if (!failed) onResult(reply.index, reply.result as Result, reply.seconds);
            return true;
          });
        }
      };
      try {
        await Promise.all(workers.map(work));
      } finally {
        failed = true; // after the first failure the others begin nothing more
      }
    },
  };
}

/** Says something to a worker and listens until `isLast` of a reply. */
function converse(worker: Worker, say: () => void, isLast: (reply: Reply) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      try {
        if (data.kind === "error") reject(toError(data));
        else if (isLast(data)) resolve();
      } catch (error) {
        reject(error);
      }
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    say();
  });
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
  scope.onmessage = ({ data: init }) =>
    guarded(async () => {
      const handle = await start(init as Init);
      scope.onmessage = ({ data }) =>
        guarded(async () => {
          const { index, task } = data as { index: number; task: Task };
          const began = performance.now();
          const result = await handle(task, (share) => scope.postMessage({ kind: "progress", index, share }));
          scope.postMessage({ kind: "result", index, result, seconds: (performance.now() - began) / 1000 });
        });
      scope.postMessage({ kind: "ready" });
    });
}
