/** The worker of worker_pool_test.ts: does as it is told. */
import { InputError } from "../../lib/errors.ts";
import { serveTasks } from "../../lib/jobs/worker_pool.ts";

/** What the worker begins with. */
export interface Init {
  /** Added to every number. */
  readonly offset: number;
  /** How it fails to get ready. */
  readonly fail?: "input" | "other" | "death";
  /** Memory that all workers share. */
  readonly shared?: Int32Array;
}

/** A task. */
export type Task =
  /** Returns the number with the offset added, after so many milliseconds. */
  | { readonly kind: "add"; readonly to: number; readonly wait?: number }
  /** Returns at what place it was begun, counted in the shared memory from 0. */
  | { readonly kind: "place" }
  /** Tells these shares of itself, and returns how many there were. */
  | { readonly kind: "tell"; readonly shares: readonly number[] }
  | { readonly kind: "fail"; readonly how: "input" | "other" | "death" | "uncopied" }
  /** Prints a line, and returns 0. */
  | { readonly kind: "print" }
  /** Returns 0 and dies a moment later. */
  | { readonly kind: "die later" }
  /** Tells of its progress again and again, for ever. */
  | { readonly kind: "hang" };

serveTasks<Init, Task, number>(async ({ offset, fail, shared }) => {
  if (fail === "input") throw new InputError("the weights are missing; fetch them");
  if (fail === "other") throw new TypeError("no engine");
  if (fail === "death") await die();
  return (task, onProgress) => {
    switch (task.kind) {
      case "add":
        return new Promise((resolve) => setTimeout(() => resolve(task.to + offset), task.wait ?? 0));
      case "place":
        return Atomics.add(shared!, 0, 1);
      case "tell":
        task.shares.forEach((share) => onProgress(share));
        return task.shares.length;
      case "fail":
        if (task.how === "input") throw new InputError("unit 7 is out of range; choose 0 to 5");
        if (task.how === "uncopied") return (() => 0) as unknown as number;
        if (task.how === "death") return die();
        throw new TypeError("not that");
      case "print":
        console.log("noise");
        return 0;
      case "die later":
        setTimeout(() => {
          throw new Error("too late to be noticed");
        }, 0);
        return 0;
      case "hang":
        return new Promise((_, reject) => {
          const timer = setInterval(() => {
            try {
              onProgress(0.5);
            } catch (error) {
              clearInterval(timer);
              reject(error);
            }
          }, 5);
        });
    }
  };
});

/** An error outside of any promise ends a worker. */
function die(): Promise<number> {
  return new Promise(() =>
    setTimeout(() => {
      throw new Error("no memory");
    }, 0)
  );
}
