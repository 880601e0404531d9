/**
 * Which of TensorFlow's kernels compute: what the last bits of a result depend on beside the versions. oneDNN writes its
 * kernels for the widest instruction set that it finds, and multiplies matrices for TensorFlow even where TensorFlow's
 * operations are not oneDNN's.
 *
 * @module
 */
import type { BackendReport } from "./backend.ts";
import { tensorFlowLibrary } from "./tensorflow_library.ts";

/** The processor's features that oneDNN asks for, by the numbers that TensorFlow has for them (`tsl/platform/cpu_info.h`). */
const FEATURES = {
  sse41: 5,
  avx: 12,
  avx2: 14,
  avx512f: 27,
  avx512vl: 31,
  avx512bw: 32,
  avx512dq: 33,
  avx512_vnni: 38,
  avx512_bf16: 39,
  avx_vnni: 40,
  amx_tile: 41,
  amx_int8: 42,
  amx_bf16: 43,
  avx512_fp16: 44,
  amx_fp16: 45,
  avx_ne_convert: 46,
  avx_vnni_int8: 47,
} as const;

/** A feature of a processor, named as Linux does. */
export type CpuFeature = keyof typeof FEATURES;

const AVX2: readonly CpuFeature[] = ["sse41", "avx", "avx2"];
const AVX2_VNNI: readonly CpuFeature[] = [...AVX2, "avx_vnni"];
const AVX512: readonly CpuFeature[] = [...AVX2, "avx512f", "avx512vl", "avx512bw", "avx512dq"];
const VNNI: readonly CpuFeature[] = [...AVX512, "avx512_vnni"];
const BF16: readonly CpuFeature[] = [...VNNI, "avx512_bf16"];
const FP16: readonly CpuFeature[] = [...BF16, "avx_vnni", "avx512_fp16"];
const AMX: readonly CpuFeature[] = [...FP16, "amx_tile", "amx_int8", "amx_bf16"];

/**
 * oneDNN's instruction sets by the names that `ONEDNN_MAX_CPU_ISA` takes, each with all it needs: the wider one later, as
 * oneDNN prefers them. One is below another where it needs less of the same.
 *
 * @see https://uxlfoundation.github.io/oneDNN/dev_guide_cpu_dispatcher_control.html
 */
const INSTRUCTION_SETS: ReadonlyMap<string, readonly CpuFeature[]> = new Map([
  ["SSE41", ["sse41"]],
  ["AVX", ["sse41", "avx"]],
  ["AVX2", AVX2],
  ["AVX2_VNNI", AVX2_VNNI],
  ["AVX2_VNNI_2", [...AVX2_VNNI, "avx_vnni_int8", "avx_ne_convert"]],
  ["AVX512_CORE", AVX512],
  ["AVX512_CORE_VNNI", VNNI],
  ["AVX512_CORE_BF16", BF16],
  ["AVX512_CORE_FP16", FP16],
  ["AVX512_CORE_AMX", AMX],
  ["AVX512_CORE_AMX_FP16", [...AMX, "amx_fp16"]],
]);

/** Newer names of some. */
const ALIASES: Readonly<Record<string, string>> = {
  AVX10_1_512: "AVX512_CORE_FP16",
  AVX10_1_512_AMX: "AVX512_CORE_AMX",
  AVX10_1_512_AMX_FP16: "AVX512_CORE_AMX_FP16",
};

/** Other variables that change what oneDNN computes. */
const FURTHER_VARIABLES = ["ONEDNN_DEFAULT_FPMATH_MODE", "TF_SET_ONEDNN_FPMATH_MODE", "ONEDNN_CPU_ISA_HINTS"];
/** Those that change what a card computes: 0 keeps it from rounding the factors of products to 11 bits (TF32). */
const CARD_VARIABLES = ["NVIDIA_TF32_OVERRIDE"];

/**
 * The widest instruction set that oneDNN may use, such as `AVX2`.
 *
 * @param hasFeature of the processor.
 * @param most what `ONEDNN_MAX_CPU_ISA` says, in either case; oneDNN passes over a name that it does not know.
 */
export function widestInstructionSet(hasFeature: (feature: CpuFeature) => boolean, most?: string): string {
  const name = most?.toUpperCase() ?? "";
  const bound = INSTRUCTION_SETS.get(ALIASES[name] ?? name);
  const usable = [...INSTRUCTION_SETS].filter(([, needed]) =>
    needed.every((feature) => hasFeature(feature) && (bound === undefined || bound.includes(feature)))
  );
  return usable.at(-1)?.[0] ?? "below SSE41";
}

/**
 * The kernels of the backend in use, in words such as `AVX2, oneDNN off`: the widest instruction set, whether TensorFlow's
 * operations are oneDNN's, and where it computes on a card CUDA, deterministic or not. The library itself is asked, since
 * scoring may not read `/proc/cpuinfo`. Of WebGPU, the name of the card.
 *
 * @param report of the backend in use.
 * @returns null where there is nothing to choose, as on the other backends, or the library cannot be asked.
 */
export function kernelsInUse(
  { backend, device, adapter }: Pick<BackendReport, "backend" | "device"> & Partial<Pick<BackendReport, "adapter">>,
): string | null {
  if (backend === "webgpu") return `WebGPU, ${adapter}`;
  const library = backend === "native" ? tensorFlowLibrary() : null;
  if (library === null) return null;
  return kernelsInWords(Deno.build.arch, device, {
    oneDnn: library.isOneDnnUsed(),
    hasFeature: (feature) => library.hasFeature(FEATURES[feature]),
    variable: (name) => Deno.env.get(name),
  });
}

/** What decides about the kernels. */
export interface KernelFacts {
  /** Whether TensorFlow's operations are oneDNN's. */
  readonly oneDnn: boolean;
  /** Whether the processor has a feature. */
  readonly hasFeature: (feature: CpuFeature) => boolean;
  /** A variable of the environment; undefined where it is not set. */
  readonly variable: (name: string) => string | undefined;
}

/** The kernels that the facts lead to, in the words of `kernelsInUse`. */
export function kernelsInWords(
  arch: string,
  device: BackendReport["device"],
  { oneDnn, hasFeature, variable }: KernelFacts,
): string {
  const most = variable("ONEDNN_MAX_CPU_ISA") ?? variable("DNNL_MAX_CPU_ISA");
  const deterministic = ["1", "true"].includes(variable("TF_DETERMINISTIC_OPS")?.toLowerCase() ?? "");
  return [
    ...(device === "cuda" ? [deterministic ? "CUDA deterministic" : "CUDA"] : []),
    arch === "x86_64" ? widestInstructionSet(hasFeature, most) : arch,
    `oneDNN ${oneDnn ? "on" : "off"}`,
    ...[...FURTHER_VARIABLES, ...(device === "cuda" ? CARD_VARIABLES : [])].flatMap((name) =>
      variable(name) ? [`${name}=${variable(name)}`] : []
    ),
  ].join(", ");
}
