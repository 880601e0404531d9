/**
 * What NVIDIA's driver says of the graphics cards. Its libraries are asked, since scoring may not run `nvidia-smi`: CUDA's for
 * the cards that this process may use (`CUDA_VISIBLE_DEVICES`), in CUDA's order; the management library for the memory that
 * nothing uses yet.
 *
 * @see https://docs.nvidia.com/cuda/cuda-driver-api/ and https://docs.nvidia.com/deploy/nvml-api/
 * @module
 */

/** A graphics card that CUDA shows to this process. */
export interface Card {
  /** Among the cards that CUDA shows, from 0. */
  readonly index: number;
  /** Such as `NVIDIA H200`. */
  readonly name: string;
  /** CUDA's compute capability, such as [9, 0]. */
  readonly capability: readonly [major: number, minor: number];
  /** Memory in bytes. */
  readonly totalBytes: number;
  /** What of it nothing used when this was asked; null where the driver does not say. */
  readonly freeBytes: number | null;
}

/** Why something is not so, and what to do about it. */
export interface Obstacle {
  readonly why: string;
  readonly remedy: string;
}

/** The driver's libraries, by file name. */
export interface DriverLibraries {
  readonly cuda: string;
  readonly management: string;
}

const LIBRARIES: DriverLibraries = { cuda: "libcuda.so.1", management: "libnvidia-ml.so.1" };

const CUDA = {
  cuInit: { parameters: ["u32"], result: "i32" },
  cuDeviceGetCount: { parameters: ["buffer"], result: "i32" },
  cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" },
  cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  cuDeviceTotalMem_v2: { parameters: ["buffer", "i32"], result: "i32" },
  cuDeviceGetAttribute: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  cuDeviceGetPCIBusId: { parameters: ["buffer", "i32", "i32"], result: "i32" },
} as const;

const MANAGEMENT = {
  nvmlInit_v2: { parameters: [], result: "i32" },
  nvmlDeviceGetHandleByPciBusId_v2: { parameters: ["buffer", "buffer"], result: "i32" },
  nvmlDeviceGetMemoryInfo: { parameters: ["pointer", "buffer"], result: "i32" },
  nvmlShutdown: { parameters: [], result: "i32" },
} as const;

/** Numbers of CUDA's attributes of a device. */
const CAPABILITY_MAJOR = 75;
const CAPABILITY_MINOR = 76;

/** What CUDA's first call may answer, and what to do. */
const REFUSALS: Readonly<Record<number, Obstacle>> = {
  2: { why: "no memory is left for the driver", remedy: "end what else uses the card" },
  34: {
    why: "libcuda.so.1 is the stub that programs are built with, not the driver's",
    remedy: "take its folder out of LD_LIBRARY_PATH",
  },
  100: {
    why: "the driver shows this process no card",
    remedy: "check CUDA_VISIBLE_DEVICES, and in a container that it was given the card (`--gpus all`)",
  },
  803: {
    why: "the driver's library and its part in the kernel are of different versions",
    remedy: "restart the machine, as after every update of the driver",
  },
};

const NO_LIBRARY: Obstacle = {
  why: "libcuda.so.1, the driver's library, cannot be loaded",
  remedy: "install NVIDIA's driver, and in a container give it the card and the driver's libraries (`--gpus all`)",
};

/**
 * Asks the driver. It must be asked before TensorFlow starts, which takes nearly all memory of every card.
 *
 * @param libraries others in tests.
 * @returns the cards, or why there are none.
 */
export function findCards(libraries: DriverLibraries = LIBRARIES): readonly Card[] | Obstacle {
  let cuda: Deno.DynamicLibrary<typeof CUDA>;
  try {
    cuda = Deno.dlopen(libraries.cuda, CUDA);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      return { why: "the right to ask the driver was not given", remedy: "start with `deno task`, which gives it" };
    }
    return NO_LIBRARY;
  }
  // the library stays loaded: TensorFlow is about to use it, too
  const { cuInit, cuDeviceGetCount } = cuda.symbols;
  const started = cuInit(0);
  if (started !== 0) {
    return REFUSALS[started] ?? {
      why: `the driver does not start (CUDA's error ${started})`,
      remedy: "see what `nvidia-smi` says",
    };
  }
  const count = new Int32Array(1);
  if (cuDeviceGetCount(bytesOf(count)) !== 0 || count[0] === 0) return REFUSALS[100];
  const freeBytes = openManagement(libraries.management);
  const cards = Array.from({ length: count[0] }, (_, index) => readCard(cuda.symbols, index, freeBytes));
  return cards.every((card) => card !== null)
    ? cards
    : { why: "the driver does not say what its cards are", remedy: "see what `nvidia-smi` says" };
}

function readCard(
  cuda: Deno.DynamicLibrary<typeof CUDA>["symbols"],
  index: number,
  freeBytes: (bus: Uint8Array<ArrayBuffer>) => number | null,
): Card | null {
  const [device, major, minor] = [new Int32Array(1), new Int32Array(1), new Int32Array(1)];
  const total = new BigUint64Array(1);
  const [name, bus] = [new Uint8Array(256), new Uint8Array(32)];
  if (cuda.cuDeviceGet(bytesOf(device), index) !== 0) return null;
  const answers = [
    cuda.cuDeviceGetName(name, name.length, device[0]),
    cuda.cuDeviceTotalMem_v2(bytesOf(total), device[0]),
    cuda.cuDeviceGetAttribute(bytesOf(major), CAPABILITY_MAJOR, device[0]),
    cuda.cuDeviceGetAttribute(bytesOf(minor), CAPABILITY_MINOR, device[0]),
  ];
  if (answers.some((answer) => answer !== 0)) return null;
  const free = cuda.cuDeviceGetPCIBusId(bus, bus.length, device[0]) === 0 ? freeBytes(bus) : null;
  const totalBytes = Number(total[0]);
  return {
    index,
    name: text(name),
    capability: [major[0], minor[0]],
    totalBytes,
    // of a card in parts the whole card's memory is told
    freeBytes: free === null ? null : Math.min(free, totalBytes),
  };
}

/** What tells of a card, by its place on the bus, how much of its memory is free; null where it cannot be told. */
function openManagement(name: string): (bus: Uint8Array<ArrayBuffer>) => number | null {
  let library: Deno.DynamicLibrary<typeof MANAGEMENT>;
  try {
    library = Deno.dlopen(name, MANAGEMENT);
  } catch {
    return () => null;
  }
  const { nvmlInit_v2, nvmlDeviceGetHandleByPciBusId_v2, nvmlDeviceGetMemoryInfo, nvmlShutdown } = library.symbols;
  return (bus) => {
    if (nvmlInit_v2() !== 0) return null;
    try {
      const handle = new BigUint64Array(1);
      if (nvmlDeviceGetHandleByPciBusId_v2(bus, bytesOf(handle)) !== 0) return null;
      const memory = new BigUint64Array(3); // total, free, used
      const read = nvmlDeviceGetMemoryInfo(Deno.UnsafePointer.create(handle[0]), bytesOf(memory));
      return read === 0 ? Number(memory[1]) : null;
    } finally {
      nvmlShutdown();
    }
  };
}

function bytesOf(array: Int32Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer);
}

/** The text before the first zero byte. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
