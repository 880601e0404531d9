/**
 * Graphics cards by way of WebGPU: those of AMD, Intel and Apple, and NVIDIA's where there is no CUDA.
 *
 * TensorFlow.js's backend for it is written for browsers. Here it is kept from what would go wrong in silence: WebGPU tells
 * of an error only by an event, and what was computed after it is zeros.
 *
 * @module
 */
import { tmpdir } from "node:os";
import { tf } from "./tf.ts";
import { Unavailable } from "./unavailable.ts";
import { mendKernels } from "./webgpu_kernels.ts";

/** What computes. */
export interface Adapter {
  /** Such as `AMD Radeon Pro W6800 (RADV NAVI21)`. */
  readonly name: string;
  /** Whether it is a program that computes on the processor. */
  readonly software: boolean;
}

/** What WebGPU tells of an adapter. */
export type AdapterInfo = Pick<
  GPUAdapterInfo,
  "vendor" | "architecture" | "device" | "description" | "isFallbackAdapter"
>;

/**
 * Names of adapters that are programs: Mesa's llvmpipe (lavapipe) and softpipe, Google's SwiftShader, Microsoft's WARP, which
 * calls itself "Microsoft Basic Render Driver", and Apple's software renderer.
 */
const SOFTWARE = /llvmpipe|lavapipe|softpipe|swiftshader|basic render|\bwarp\b|software/i;

/** Which adapter is meant; TensorFlow.js asks for the same. */
const POWERFUL = { powerPreference: "high-performance" } as const;

/**
 * Most entries of a tensor that stay in memory beside the card's copy, so that they can be read at once: networks ask for the
 * entries of constants while they run. 4 MB each.
 */
const KEPT_ENTRIES = 2 ** 20;

/** Milliseconds for which an operation that failed waits to hear that the adapter is lost. */
const NEWS_MILLISECONDS = 1000;

/** The adapter in use. */
interface InUse {
  readonly adapter: Adapter;
  /** Bytes of the largest tensor that a kernel can be given. */
  readonly bindingBytes: number;
  /** Why it computes no more; null while it does. */
  failure: string | null;
  /** Fulfilled when it computes no more. */
  readonly failed: Promise<void>;
}

let inUse: InUse | undefined;
let sought = false;

/** The adapter fails. The message says which, why, and how to do without it. */
export class AdapterError extends Error {
  override readonly name = "AdapterError";
}

/** What an adapter is, by what it tells of itself. */
export function describeAdapter(info: AdapterInfo): Adapter {
  const name = info.description.trim() || [info.vendor, info.architecture, info.device].filter(Boolean).join(" ");
  return { name: name || "an adapter without a name", software: info.isFallbackAdapter || SOFTWARE.test(name) };
}

/** The adapter that WebGPU offers first; null where it offers none. */
export async function findAdapter(): Promise<Adapter | null> {
  quietDrivers();
  sought = true;
  const adapter = await navigator.gpu?.requestAdapter(POWERFUL);
  return adapter ? describeAdapter(adapter.info) : null;
}

/** Whether drivers of graphics cards have been loaded in this thread. */
export function areDriversLoaded(): boolean {
  return sought;
}

/** Mesa's drivers write to standard error where this is not set, as without a desktop; nothing is written there. */
function quietDrivers(): void {
  if (Deno.build.os === "linux" && !Deno.env.get("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", tmpdir());
}

/** The part of TensorFlow.js's backend that is used here; its own types name a WebGPU of browsers. */
interface WebGpuBackend {
  readonly device: GPUDevice;
  readonly tensorMap: { get(dataId: object): { values?: ArrayLike<unknown> | null } };
  readonly bufferManager: {
    acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer;
  };
  uploadToGPU(dataId: object): void;
  readSync(dataId: object): unknown;
  timerAvailable(): boolean;
  time(compute: () => void): Promise<{ kernelMs: number; wallMs: number }>;
}

/**
 * Makes TensorFlow.js's WebGPU backend its own.
 *
 * @param asked whether it was asked for: by itself no software adapter is taken, which is slower than WebAssembly.
 * @throws {Unavailable} when there is no adapter, or none that is taken, or the one that there was has failed.
 */
export async function startWebGpu(asked: boolean): Promise<Adapter> {
  if (inUse !== undefined && inUse.failure !== null) {
    throw new Unavailable(`the adapter ${inUse.adapter.name} failed: ${inUse.failure}`, "start anew");
  }
  const adapter = await findAdapter();
  if (adapter === null) {
    throw new Unavailable(
      "WebGPU finds no graphics card",
      "where there is one, install its driver (on Linux Vulkan's)",
    );
  }
  if (adapter.software && !asked) {
    throw new Unavailable(
      `${adapter.name} is no graphics card but a program on the processor`,
      "POLYSEM_BACKEND=webgpu takes it all the same",
    );
  }
  await import("@tensorflow/tfjs-backend-webgpu");
  if (inUse === undefined) mendKernels();
  if (!await tf.setBackend("webgpu")) throw new Error(`${adapter.name} cannot be started`);
  await tf.ready();
  inUse ??= takeCare(tf.backend() as unknown as WebGpuBackend, adapter);
  return adapter;
}

/** Makes errors of a backend heard, and small tensors readable at once. */
function takeCare(backend: WebGpuBackend, adapter: Adapter): InUse {
  const { device, bufferManager } = backend;
  const failed = Promise.withResolvers<void>();
  const taken: InUse = {
    adapter,
    bindingBytes: device.limits.maxStorageBufferBindingSize,
    failure: null,
    failed: failed.promise,
  };
  const fail = (why: string) => {
    taken.failure ??= why.trim().split("\n")[0];
    failed.resolve();
  };
  device.lost.then(({ message, reason }) => fail(`it was lost (${message || reason})`));
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    fail((event as GPUUncapturedErrorEvent).error.message);
  });

  const acquire = bufferManager.acquireBuffer.bind(bufferManager);
  bufferManager.acquireBuffer = (size, usage, ...others) => {
    if ((usage & GPUBufferUsage.STORAGE) !== 0 && size > taken.bindingBytes) {
      throw new AdapterError(
        `a tensor of ${megabytes(size)} MB is too large for ${adapter.name}, whose kernels take up to ` +
          `${megabytes(taken.bindingBytes)} MB; take smaller images, or set POLYSEM_BACKEND=wasm to do without it`,
      );
    }
    return acquire(size, usage, ...others);
  };

  const upload = backend.uploadToGPU.bind(backend);
  backend.uploadToGPU = (dataId) => {
    const data = backend.tensorMap.get(dataId);
    const { values } = data;
    upload(dataId);
    if (values && values.length <= KEPT_ENTRIES) data.values = values;
  };

  const read = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    if (backend.tensorMap.get(dataId).values) return read(dataId);
    throw new AdapterError(
      "this is not done on WebGPU, whose cards cannot be read from while the thread stands still; set " +
        "POLYSEM_BACKEND=wasm, or unset it",
    );
  };

  // what tensors need is measured by `tf.profile`, which would read them or time kernels by an extension that few have
  backend.timerAvailable = () => true;
  backend.time = (compute) => {
    compute();
    return Promise.resolve({ kernelMs: 0, wallMs: 0 });
  };
  return taken;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

/** Bytes of the largest tensor that the backend in use can compute with; Infinity where memory is the only limit. */
export function largestTensor(): number {
  return tf.getBackend() === "webgpu" && inUse !== undefined ? inUse.bindingBytes : Infinity;
}

/** Whether WebGPU's adapter has failed in this thread. */
export function hasAdapterFailed(): boolean {
  return inUse !== undefined && inUse.failure !== null;
}

/**
 * Throws where the backend in use is an adapter that has failed: what it computed since is worth nothing.
 *
 * @throws {AdapterError}
 */
export function refuseFailedAdapter(): void {
  if (tf.getBackend() === "webgpu" && hasAdapterFailed()) throw adapterError(inUse!);
}

/**
 * Why the adapter in use computes no more; null where it does, or no adapter is in use. Asked after an error, it waits up to a
 * second for the news, which come later than the error.
 */
export async function adapterFailure(): Promise<AdapterError | null> {
  if (tf.getBackend() !== "webgpu" || inUse === undefined) return null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = new Promise<void>((resolve) => timer = setTimeout(resolve, NEWS_MILLISECONDS));
  await Promise.race([inUse.failed, pause]);
  clearTimeout(timer);
  return inUse.failure === null ? null : adapterError(inUse);
}

function adapterError({ adapter, failure }: InUse): AdapterError {
  return new AdapterError(
    `the graphics adapter ${adapter.name} failed: ${failure}; POLYSEM_BACKEND=wasm does without it`,
  );
}

/**
 * Computes in plain JavaScript where the backend in use cannot be read from at once, as a graphics card by WebGPU; as always on
 * the others. For small tensors that are known before a network runs.
 *
 * @param compute does not wait for anything.
 */
export function onHost<T>(compute: () => T): T {
  if (tf.getBackend() !== "webgpu") return compute();
  tf.setBackend("cpu"); // takes effect at once
  try {
    (tf.backend() as unknown as { firstUse: boolean }).firstUse = false; // or its first tensor prints an advertisement
    return compute();
  } finally {
    tf.setBackend("webgpu");
  }
}
