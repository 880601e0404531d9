import assert from "node:assert/strict";
import { useBackend } from "../../lib/engine/mod.ts";
import { type CpuFeature, kernelsInUse, kernelsInWords, widestInstructionSet } from "../../lib/engine/kernels.ts";

// what Linux lists of these processors, sse4_1 written sse41; of those with AMX, what oneDNN's own table asks for
const ZEN3 = ["sse41", "avx", "avx2"];
const ALDER_LAKE = [...ZEN3, "avx_vnni"];
const ARROW_LAKE = [...ALDER_LAKE, "avx_vnni_int8", "avx_ne_convert"];
const KNIGHTS_LANDING = [...ZEN3, "avx512f"];
const SKYLAKE_X = [...ZEN3, "avx512f", "avx512bw", "avx512vl", "avx512dq"];
const CASCADE_LAKE = [...SKYLAKE_X, "avx512_vnni"];
const ZEN4 = [...CASCADE_LAKE, "avx512_bf16"];
const SAPPHIRE_RAPIDS = [...ZEN4, "avx_vnni", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16"];
const GRANITE_RAPIDS = [...SAPPHIRE_RAPIDS, "amx_fp16"];

const widest = (features: readonly string[], most?: string) =>
  widestInstructionSet((feature) => features.includes(feature), most);

Deno.test("widestInstructionSet() is the last of oneDNN's sets all of which a processor has", () => {
  assert.equal(widest([]), "below SSE41");
  assert.equal(widest(["sse41"]), "SSE41");
  assert.equal(widest(["sse41", "avx"]), "AVX");
  assert.equal(widest(ZEN3), "AVX2");
  assert.equal(widest(ALDER_LAKE), "AVX2_VNNI");
  assert.equal(widest(ARROW_LAKE), "AVX2_VNNI_2");
  assert.equal(widest(KNIGHTS_LANDING), "AVX2", "it lacks three of the four that AVX512_CORE is");
  assert.equal(widest(SKYLAKE_X), "AVX512_CORE");
  assert.equal(widest(CASCADE_LAKE), "AVX512_CORE_VNNI");
  assert.equal(widest(ZEN4), "AVX512_CORE_BF16");
  assert.equal(widest(SAPPHIRE_RAPIDS), "AVX512_CORE_AMX");
  assert.equal(widest(GRANITE_RAPIDS), "AVX512_CORE_AMX_FP16");
});

Deno.test("widestInstructionSet() is bounded by ONEDNN_MAX_CPU_ISA in oneDNN's partial order", () => {
  for (
    const [most, expected] of [
      ["SSE41", "SSE41"],
      ["avx2", "AVX2"],
      ["AVX2_VNNI", "AVX2_VNNI"],
      ["AVX2_VNNI_2", "AVX2_VNNI"], // which needs more than there is
      ["AVX512_CORE", "AVX512_CORE"], // AVX2_VNNI is not below it
      ["AVX512_CORE_BF16", "AVX512_CORE_BF16"],
      ["AVX10_1_512", "AVX512_CORE_FP16"],
      ["avx10_1_512_amx", "AVX512_CORE_AMX"],
      ["AVX10_1_512_AMX_FP16", "AVX512_CORE_AMX"],
      ["DEFAULT", "AVX512_CORE_AMX"],
      ["", "AVX512_CORE_AMX"],
      ["no such set", "AVX512_CORE_AMX"],
    ]
  ) assert.equal(widest(SAPPHIRE_RAPIDS, most), expected, most);
  assert.equal(widest(ZEN3, "AVX512_CORE_AMX"), "AVX2", "no bound makes a processor wider");
  assert.equal(widest(ALDER_LAKE, "AVX512_CORE"), "AVX2");
});

Deno.test("kernelsInWords() says all that the last bits depend on", () => {
  const words = (
    variables: Readonly<Record<string, string>>,
    { arch = "x86_64", device = "cpu" as "cpu" | "cuda", oneDnn = false } = {},
  ) =>
    kernelsInWords(arch, device, {
      oneDnn,
      hasFeature: (feature: CpuFeature) => CASCADE_LAKE.includes(feature),
      variable: (name) => variables[name],
    });
  assert.equal(words({}), "AVX512_CORE_VNNI, oneDNN off");
  assert.equal(words({}, { oneDnn: true }), "AVX512_CORE_VNNI, oneDNN on");
  assert.equal(words({ DNNL_MAX_CPU_ISA: "AVX" }), "AVX, oneDNN off");
  assert.equal(words({ ONEDNN_MAX_CPU_ISA: "AVX2", DNNL_MAX_CPU_ISA: "AVX" }), "AVX2, oneDNN off");
  assert.equal(
    words({ ONEDNN_DEFAULT_FPMATH_MODE: "BF16", ONEDNN_CPU_ISA_HINTS: "" }, { oneDnn: true }),
    "AVX512_CORE_VNNI, oneDNN on, ONEDNN_DEFAULT_FPMATH_MODE=BF16",
  );
  assert.equal(words({}, { device: "cuda" }), "CUDA, AVX512_CORE_VNNI, oneDNN off");
  const fixed = { TF_DETERMINISTIC_OPS: "1", NVIDIA_TF32_OVERRIDE: "0" };
  assert.equal(
    words(fixed, { device: "cuda" }),
    "CUDA deterministic, AVX512_CORE_VNNI, oneDNN off, NVIDIA_TF32_OVERRIDE=0",
  );
  assert.equal(words(fixed), "AVX512_CORE_VNNI, oneDNN off", "they change nothing on a processor");
  assert.equal(words({}, { arch: "aarch64", oneDnn: true }), "aarch64, oneDNN on");
});

Deno.test("kernelsInUse() has nothing to say of WebAssembly and JavaScript", () => {
  for (const backend of ["wasm", "cpu"] as const) assert.equal(kernelsInUse({ backend, device: "cpu" }), null);
});

Deno.test("kernelsInUse() names the card that WebGPU computes on", () => {
  assert.equal(
    kernelsInUse({ backend: "webgpu", device: "webgpu", adapter: "Intel(R) Arc(TM) A770 Graphics (DG2)" }),
    "WebGPU, Intel(R) Arc(TM) A770 Graphics (DG2)",
  );
});

const report = await useBackend();
const asked = ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"].some((name) => Deno.env.get(name));

Deno.test({
  name: "kernelsInUse() finds what /proc/cpuinfo says of the processor" +
    (report.backend === "native" ? "" : " (needs the native engine: deno task setup)"),
  ignore: report.backend !== "native" || Deno.build.os !== "linux" || Deno.build.arch !== "x86_64" || asked,
  fn() {
    const flags = /^flags\s*:(.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))![1].replace("sse4_1", "sse41");
    const found = kernelsInUse(report)!;
    assert.equal(found.split(", ").find((part) => part !== "CUDA"), widest(flags.trim().split(/\s+/)));
    assert.match(found, /, oneDNN (on|off)/);
  },
});
