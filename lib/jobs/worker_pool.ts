/**
 * A pool of worker threads, one core each. Each loads what it needs once, then takes tasks. Results come back as copies, in
 * whatever order they are done; after the first failure nothing more is begun.
 *
 * @module
 */
import { InputError, messageOf } from "../errors.ts";

/** What a caller of `run` may watch. After a failure, a callback's own among them, neither is called again. */
export interface PoolEvents<Result> {
  /** Called once for each task, when it is done. */
  readonly onResult: (index: number, result: Result, seconds: number) => void;
  /** Called now and then with the share of a task that is done, in [0, 1]; never after the task's result. */
  readonly onProgress?: (index: number, share: number) => void;
  /** Called with what a worker says beside: what it is about, and a sentence. */
  readonly onNote?: (about: string, text: string) => void;
}

/** Workers that are ready. */
export interface WorkerPool<Task, Result> {
  /** Number of workers. */
  readonly count: number;
  /** Seconds that they took to get ready, each from its thread's beginning, summed. */
  readonly startSeconds: number;
  /**
   * Has the workers do the tasks, begun in the order given, one at a time each. It may be called again when it is through.
   *
   * @throws the first failure: what a task threw, an `InputError` as such, what a callback threw, or that a worker died.
   * Tasks that are under way are given up when they next tell of their progress, and that is waited for: a process that
   * ends while a native library computes in one of its threads may crash.
   */
  run(tasks: readonly Task[], events: PoolEvents<Result>): Promise<void>;
  /** Ends the workers, whatever they are doing; a `run` that is under way rejects. */
  close(): void;
}

/**
 * What a worker makes of its tasks, once it is ready.
 *
 * @param onProgress tells the share that is done, in [0, 1], and throws when the task is to be given up; not to be called
 * after the task is done.
 */
export type Handler<Task, Result> = (task: Task, onProgress: (share: number) => void) => Result | Promise<Result>;

type Reply =
  | { readonly kind: "ready"; readonly seconds: number }
  | { readonly kind: "progress"; readonly share: number }
  | { readonly kind: "note"; readonly about: string; readonly text: string }
  | { readonly kind: "result"; readonly result: unknown; readonly seconds: number }
  | { readonly kind: "error"; readonly input: boolean; readonly message: string; readonly stack?: string };

/** What a worker is told first. */
interface Start<Init> {
  readonly init: Init;
  /** Shared by all: not zero when tasks are to be given up. */
  readonly stop: Int32Array;
}

/** What a worker has been told to do, until it has answered. */
interface Request {
  readonly onReply: (reply: Reply) => void;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
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
  const start: Start<Init> = { init, stop: new Int32Array(new SharedArrayBuffer(4)) };
  const requests = new Map<Worker, Request>();
  /** Workers that will never answer, and why. */
  const lost = new Map<Worker, Error>();

  const lose = (worker: Worker, reason: Error) => {
    if (lost.has(worker)) return;
    lost.set(worker, reason);
    worker.terminate();
    requests.get(worker)?.reject(reason);
  };
  const close = () => workers.forEach((worker) => lose(worker, new Error("the workers were closed")));
  /** Says something to a worker and listens until it is done with it. */
  const ask = (worker: Worker, message: unknown, onReply: Request["onReply"] = () => {}) =>
    new Promise<void>((resolve, reject) => {
      if (lost.has(worker)) throw lost.get(worker);
      worker.postMessage(message);
      requests.set(worker, { onReply, resolve, reject });
    });

  for (const worker of workers) {
    worker.onmessage = ({ data: reply }: MessageEvent<Reply>) => {
      if (lost.has(worker)) return; // said before it was closed
      const { onReply, resolve, reject } = requests.get(worker)!;
      if (reply.kind === "error") return reject(toError(reply));
      onReply(reply);
      if (reply.kind !== "progress" && reply.kind !== "note") resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault(); // or the whole process dies of it
      lose(worker, new Error(`a worker died: ${event.message}`));
    };
    worker.onmessageerror = () => lose(worker, new Error("a worker's reply cannot be read"));
  }

  let startSeconds = 0;
  const starts = await Promise.allSettled(workers.map((worker) =>
    ask(worker, start, (reply) => {
      if (reply.kind === "ready") startSeconds += reply.seconds;
    })
  ));
  const failed = starts.find(({ status }) => status === "rejected");
  if (failed !== undefined) {
    close();
    throw (failed as PromiseRejectedResult).reason;
  }

  let running = false;
  return {
    count,
    startSeconds,
    close,
    run: async (tasks, { onResult, onProgress, onNote }) => {
      if (running) throw new Error("the workers are at other tasks");
      running = true;
      let next = 0;
      const failures: unknown[] = [];
      const fail = (error: unknown) => {
        failures.push(error);
        Atomics.store(start.stop, 0, 1);
      };
      const call = (callback: () => void) => {
        if (failures.length > 0) return;
        try {
          callback();
        } catch (error) {
          fail(error);
        }
      };
      const work = async (worker: Worker) => {
        while (next < tasks.length && failures.length === 0) {
          const index = next++;
          await ask(worker, tasks[index], (reply) => {
            if (reply.kind === "progress") call(() => onProgress?.(index, reply.share));
            if (reply.kind === "note") call(() => onNote?.(reply.about, reply.text));
            if (reply.kind === "result") call(() => onResult(index, reply.result as Result, reply.seconds));
          });
        }
      };
      await Promise.all(workers.map((worker) => work(worker).catch(fail)));
      running = false;
      Atomics.store(start.stop, 0, 0);
      if (failures.length > 0) throw failures[0];
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
 * @param start returns what does a task. What it or a task throws is thrown by the pool. Its second argument says something to
 * whoever hears notes, while a task is done.
 */
export function serveTasks<Init, Task, Result>(
  start: (init: Init, say: (about: string, text: string) => void) => Promise<Handler<Task, Result>>,
): void {
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
  scope.onmessage = ({ data }) =>
    guarded(async () => {
      const { init, stop } = data as Start<Init>;
      const handle = await start(init, (about, text) => scope.postMessage({ kind: "note", about, text }));
      const onProgress = (share: number) => {
        if (Atomics.load(stop, 0) !== 0) throw new Error("given up");
        scope.postMessage({ kind: "progress", share });
      };
      scope.onmessage = ({ data: task }) =>
        guarded(async () => {
          const began = performance.now();
          const result = await handle(task as Task, onProgress);
          scope.postMessage({ kind: "result", result, seconds: (performance.now() - began) / 1000 });
        });
      scope.postMessage({ kind: "ready", seconds: performance.now() / 1000 }); // a worker's clock begins with it
    });
}
