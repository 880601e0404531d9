/**
 * Which backend the engine runs on: TensorFlow's native library, a graphics card by WebGPU, WebAssembly
 * or plain JavaScript, in this order.
 *
 * @module
 */
import { join, sep } from "node:path";
import { InputError, messageOf } from "../errors.ts";
import { isFirstThread } from "../first_thread.ts";
import {
  addonPath,
  type Device,
  findEngine,
  installAddon,
  isAddonInstalled,
  packageDirectory,
} from "./native/addon.ts";
import {
  type Card,
  chooseCards,
  type ChosenCards,
  encodeSettings,
  findCards,
  type RefusedCard,
  settingsFor,
} from "./native/mod.ts";
import { withoutStderr } from "./without_stderr.ts";
import { setSlowOnSmallMaps } from "./block_gradient.ts";
import { setOneDnnConvolutions } from "./fused_convolution.ts";
import { usesOneDnn } from "./one_dnn.ts";
import { tf } from "./tf.ts";
import { Unavailable } from "./unavailable.ts";
import {
  type AdapterError,
  adapterFailure,
  areDriversLoaded,
  hasAdapterFailed,
  refuseFailedAdapter,
  startWebGpu,
} from "./webgpu.ts";

/**
 * The backends, the fastest first: TensorFlow's library, a graphics card by WebGPU, WebAssembly on one thread, plain
 * JavaScript.
 */
export const BACKENDS = ["native", "webgpu", "wasm", "cpu"] as const;

export type Backend = typeof BACKENDS[number];

/** A better backend that is not in use. */
export interface SkippedBackend {
  readonly backend: Backend;
  readonly why: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** What the engine runs on, and why on nothing better. */
export interface BackendReport {
  readonly backend: Backend;
  readonly device: Device | "webgpu";
  /** What the graphics card is called, or the program that stands in for one; null on other backends than WebGPU. */
  readonly adapter: string | null;
  /** Threads that compute; of WebGPU, those that tell the card what to do. */
  readonly threads: number;
  readonly versions: {
    readonly tfjs: string;
    /** TensorFlow's library; null on other backends. */
    readonly tensorflow: string | null;
  };
  /** The better backends that were tried; empty when this one was asked for. */
  readonly skipped: readonly SkippedBackend[];
  /** The cards that compute, as TensorFlow numbers them; missing where none does, and in workers, which are told of theirs. */
  readonly cards?: readonly Card[];
  /** Where the engine is the one for CUDA: the cards that do not compute, and why; missing where there are none such. */
  readonly refusedCards?: readonly RefusedCard[];
}

/** TensorFlow's own name for the threads of one operation. */
const THREADS = "TF_NUM_INTRAOP_THREADS";
/** Our binding's name for TensorFlow's settings. */
const SETTINGS = "POLYSEM_TENSORFLOW_CONFIG";
/** TensorFlow's own names for kernels whose sums are in a fixed order. */
const DETERMINISTIC = ["TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC"];

/** How the engine computes. */
export interface BackendOptions {
  /**
   * Threads of one operation on the native backend, at least 1, for the whole process. By default TensorFlow takes all
   * cores; the environment variable `TF_NUM_INTRAOP_THREADS` overrides both.
   */
  readonly threads?: number;
  /**
   * Whether a graphics card is to compute equal bits from run to run, for the whole process; TensorFlow's faster kernels add up
   * in any order. Not by default. Where they are set the environment variables `TF_DETERMINISTIC_OPS` and
   * `TF_CUDNN_DETERMINISTIC` decide. A processor's bits are equal anyway.
   */
  readonly deterministic?: boolean;
  /** Whether the work reads tensors by `dataOf`, which WebGPU has not: then it is not taken by itself. */
  readonly readsAtOnce?: boolean;
}

type Started = Omit<BackendReport, "backend" | "skipped">;

const START: Readonly<Record<Backend, (options: BackendOptions, asked: boolean) => Promise<Started>>> = {
  native: startNative,
  webgpu: startCard,
  wasm: startWasm,
  cpu: startCpu,
};

/** The backend in use; undefined before the first call. */
let current: BackendReport | undefined;
/** Settled when the calls so far are through: one starts when the other has ended. */
let calls: Promise<unknown> = Promise.resolve();

/**
 * Starts the engine on a backend and makes it TensorFlow.js's own. A second call changes nothing unless it asks for another
 * backend. Nothing is built or downloaded: `ensureNative()` does that, beforehand.
 *
 * @param preference the backend to use and no other; by default the first of native, webgpu, wasm and cpu that works;
 * webgpu only on a real card, not on a program that stands in for one. The environment variable `POLYSEM_BACKEND` overrides it.
 * @param options count when the process starts the native backend for the first time: its threads are never changed after.
 * @throws {InputError} when the backend that was asked for cannot be used, saying why and what to do, or when
 * `POLYSEM_BACKEND` names none.
 */
export function useBackend(preference?: Backend, options: BackendOptions = {}): Promise<BackendReport> {
  const next = calls.then(async () => current = await choose(preference, options));
  calls = next.catch(() => {});
  return next;
}

async function choose(preference: Backend | undefined, options: BackendOptions): Promise<BackendReport> {
  const override = readOverride();
  const wanted = override ?? preference;
  const unfit = (backend: Backend) => options.readsAtOnce === true && backend === "webgpu";
  if (current !== undefined && (wanted ?? current.backend) === current.backend) {
    if (wanted !== undefined || !unfit(current.backend)) return current;
  }
  if (current !== undefined && wanted === "webgpu" && hasAdapterFailed()) return current; // what took its place
  const ladder = wanted === undefined ? BACKENDS.filter((backend) => !unfit(backend)) : [wanted];
  const { report, skipped } = await firstOf(ladder, options, wanted !== undefined);
  if (report !== null) return report;
  const [{ why, remedy }] = skipped;
  const asked = override === undefined ? "" : " (POLYSEM_BACKEND)";
  throw new InputError(`the ${wanted} backend that was asked for${asked} cannot be used: ${why}; ${remedy}`);
}

/** The first of some backends that starts, and those before it. */
async function firstOf(
  backends: readonly Backend[],
  options: BackendOptions,
  asked: boolean,
): Promise<{ report: BackendReport | null; skipped: readonly SkippedBackend[] }> {
  const skipped: SkippedBackend[] = [];
  for (const backend of backends) {
    try {
      const started = await START[backend](options, asked);
      const onCpu = backend === "native" && started.device === "cpu";
      setSlowOnSmallMaps(onCpu && !usesOneDnn());
      setOneDnnConvolutions(onCpu && usesOneDnn());
      return { report: { backend, ...started, skipped }, skipped };
    } catch (error) {
      skipped.push({ backend, ...reasonOf(error) });
    }
  }
  return { report: null, skipped };
}

/**
 * Does work that a graphics adapter may fail at, by being lost or otherwise. Where it does, the engine goes on with the next
 * backend, WebAssembly or plain JavaScript, for as long as the process lives, whatever was asked for; and the work is done again.
 * Tensors of the adapter are lost with it.
 *
 * @param work told the backend in place of the adapter, from its second time on; then it makes its tensors anew.
 * @throws what the work throws while the adapter is well, or on the next backend.
 */
export async function surviveAdapter<T>(work: (instead: Instead | null) => Promise<T>): Promise<T> {
  let failure: AdapterError | null;
  try {
    const result = await work(null);
    refuseFailedAdapter(); // without a word it gives zeros
    return result;
  } catch (error) {
    failure = await adapterFailure();
    if (failure === null) throw error;
  }
  const next = calls.then(async () => {
    const remedy = "start anew to try it again";
    const { report } = await firstOf(BACKENDS.slice(BACKENDS.indexOf("webgpu") + 1), {}, false);
    const skipped = [{ backend: "webgpu", why: failure.message, remedy }, ...report!.skipped] as const;
    return current = { ...report!, skipped };
  });
  calls = next.catch(() => {});
  return await work({ failure, backend: await next });
}

/** What takes the place of an adapter that failed. */
export interface Instead {
  readonly failure: AdapterError;
  readonly backend: BackendReport;
}

function readOverride(): Backend | undefined {
  const text = Deno.env.get("POLYSEM_BACKEND");
  if (!text) return undefined;
  const backend = BACKENDS.find((name) => name === text);
  if (backend === undefined) {
    throw new InputError(`POLYSEM_BACKEND is "${text}"; set it to one of ${BACKENDS.join(", ")}, or unset it`);
  }
  return backend;
}

function reasonOf(error: unknown): { why: string; remedy: string } {
  const why = messageOf(error).trim().replaceAll(/\s*\n\s*/g, " ");
  if (error instanceof Unavailable) return { why, remedy: error.remedy };
  return error instanceof Deno.errors.NotCapable
    ? { why, remedy: "start with `deno task`, which gives the permissions" }
    : { why, remedy: "run `deno task setup`, which repairs what is damaged" };
}

/** The part of tfjs-node's backend that is used here; its own types are not exported. */
interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

/** What of a report is about cards. */
type CardReport = Pick<BackendReport, "cards" | "refusedCards">;

/**
 * Tells TensorFlow, before it starts, which cards to use.
 *
 * @returns null where the engine is not the one for CUDA, and in workers: the process's first engine has chosen for all.
 */
function chooseAllCards(device: Device | undefined): ChosenCards | null {
  if (device !== "cuda" || !isFirstThread()) return null;
  const found = findCards();
  const chosen = chooseCards(found);
  const settings = "why" in found ? null : settingsFor(chosen, found.length);
  if (settings !== null && !Deno.env.get(SETTINGS)) Deno.env.set(SETTINGS, encodeSettings(settings));
  return chosen;
}

/** The cards by what TensorFlow made of them. */
function reportCards(chosen: ChosenCards | null, computes: boolean): CardReport {
  if (chosen === null) return {};
  const { cards, refused } = chosen;
  const unusable = computes ? [] : cards.map(({ name }) => ({
    name,
    why: "TensorFlow does not find it, or not the libraries of CUDA that it needs",
    remedy: "`deno task setup --device cuda` builds the engine anew where its folder is deleted",
  }));
  const all = [...refused, ...unusable];
  return {
    ...(computes && cards.length > 0 ? { cards } : {}),
    ...(all.length > 0 ? { refusedCards: all } : {}),
  };
}

/** Whether TensorFlow's library has been loaded in this thread. */
let isLibraryLoaded = false;

async function startNative({ threads, deterministic }: BackendOptions): Promise<Started> {
  if (areDriversLoaded() && !isLibraryLoaded) {
    // Mesa's bring an LLVM of their own; a process that loads TensorFlow's after it dies
    throw new Unavailable(
      "WebGPU's drivers are loaded in this process, and bear no TensorFlow after them",
      "start anew",
    );
  }
  const engine = findEngine();
  if (engine !== null) {
    try {
      await installAddon(engine.directory);
    } catch (error) {
      if (!isAddonInstalled()) {
        throw new Unavailable(`${addonPath()} cannot be written: ${messageOf(error)}`, "run `deno task setup`");
      }
    }
  }
  if (!isAddonInstalled()) throw new Unavailable("it has not been built on this machine", "run `deno task setup`");
  Deno.env.set("TF_CPP_MIN_LOG_LEVEL", "3"); // read when the library is loaded
  if (threads !== undefined && !Deno.env.get(THREADS)) Deno.env.set(THREADS, String(threads)); // likewise
  for (const name of deterministic ? DETERMINISTIC : []) if (!Deno.env.get(name)) Deno.env.set(name, "1");
  const chosen = chooseAllCards(engine?.device);
  const start = async () => {
    await import("@tensorflow/tfjs-node-gpu");
    isLibraryLoaded = true;
    await activate("tensorflow");
    tf.add(1, 2).dispose(); // what TensorFlow writes while it starts, it writes at the first operation
  };
  // standard error is the whole process's: workers that start side by side must not turn it off under each other, and
  // need not, since TensorFlow has spoken when the process's first engine started
  await (isFirstThread() ? withoutStderr(start) : start());
  const { isUsingGpuDevice, binding } = tf.backend() as unknown as NodeBackend;
  return {
    device: isUsingGpuDevice ? "cuda" : "cpu",
    threads: Number(Deno.env.get(THREADS)) || navigator.hardwareConcurrency,
    adapter: null,
    versions: { tfjs: tf.version.tfjs, tensorflow: binding.TF_Version },
    ...reportCards(chosen, isUsingGpuDevice),
  };
}

async function startCard(_options: BackendOptions, asked: boolean): Promise<Started> {
  const { name } = await startWebGpu(asked);
  return { device: "webgpu", adapter: name, threads: 1, versions: { tfjs: tf.version.tfjs, tensorflow: null } };
}

async function startWasm(): Promise<Started> {
  const { getThreadsCount, setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // its threads need workers that are fetched from an address
  setWasmPaths(join(packageDirectory("@tensorflow/tfjs-backend-wasm"), "dist") + sep);
  await activate("wasm");
  return {
    device: "cpu",
    adapter: null,
    threads: getThreadsCount(),
    versions: { tfjs: tf.version.tfjs, tensorflow: null },
  };
}

async function startCpu(): Promise<Started> {
  await activate("cpu");
  // without this, its first tensor prints an advertisement for tfjs-node
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  return { device: "cpu", adapter: null, threads: 1, versions: { tfjs: tf.version.tfjs, tensorflow: null } };
}

async function activate(name: string): Promise<void> {
  if (!await tf.setBackend(name)) throw new Error(`TensorFlow.js cannot initialize its backend "${name}"`);
  await tf.ready();
}
