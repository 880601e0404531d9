/**
 * Run as a program: threads make the native binding keep many fresh attribute names at once. Prints how many it was given;
 * with a binding whose set of names has no lock the process dies of a segmentation fault or never ends.
 * Arguments: how many threads, how many names a thread, and the binding, if not the one in `node_modules`.
 */
import { addonPath } from "../../lib/engine/native/addon.ts";
import type { Orders } from "./attribute_names_worker.ts";

const [threads, count] = Deno.args.slice(0, 2).map(Number);
const addon = Deno.args[2] ?? addonPath();
const ready = new Int32Array(new SharedArrayBuffer(8));
const given = await Promise.all(
  Array.from({ length: threads }, (_, thread) =>
    new Promise<number>((resolve, reject) => {
      const worker = new Worker(new URL("./attribute_names_worker.ts", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ thread, threads, count, addon, ready } satisfies Orders);
    })),
);
console.log(given.reduce((sum, each) => sum + each, 0));
Deno.exit(0);
