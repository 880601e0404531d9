/**
 * Which files of which packages the native engine is made from: pinned versions and hashes of Python wheels.
 *
 * @module
 */
import { type Device, LIBRARIES, TENSORFLOW_VERSION } from "../engine/native/mod.ts";

/** A Python wheel, of one build for one platform. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  /** Lower-case hexadecimal; pip refuses any other file. */
  readonly sha256: string;
  /** Size, where known: it only serves to show progress. */
  readonly bytes?: number;
}

/** What an engine is made from. */
export interface NativeLibrary {
  readonly wheels: readonly Wheel[];
  /** Platform tags that pip may choose from. */
  readonly platforms: readonly string[];
}

/** What is needed of the wheels: a file by its path, a folder by its path and "/". */
export const MEMBERS: readonly string[] = [
  ...LIBRARIES,
  ...["c_api", "c_api_macros", "tf_attrtype", "tf_buffer", "tf_datatype", "tf_status", "tf_tensor", "tf_tstring"]
    .map((header) => `tensorflow/include/tensorflow/c/${header}.h`),
  "tensorflow/include/tensorflow/c/eager/c_api.h",
  "tensorflow/include/tensorflow/core/platform/ctstring.h",
  "tensorflow/include/tensorflow/core/platform/ctstring_internal.h",
  "tensorflow/include/tsl/platform/ctstring.h",
  "tensorflow/include/tsl/platform/ctstring_internal.h",
  "tensorflow/include/xla/tsl/c/tsl_status.h",
  "nvidia/", // TensorFlow finds CUDA's libraries by their place beside its own
];

const CPU_X86: readonly Wheel[] = [{
  name: "tensorflow-cpu",
  version: TENSORFLOW_VERSION,
  sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
  bytes: 273_829_956,
}];

/** Not tried: no such machine was at hand. There the plain package is the CPU build. */
const CPU_ARM: readonly Wheel[] = [{
  name: "tensorflow",
  version: TENSORFLOW_VERSION,
  sha256: "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
}];

/** Not tried: no card was at hand. The CUDA build, and the packages that its extra `and-cuda` asks for. */
const CUDA_X86: readonly Wheel[] = [
  ["tensorflow", TENSORFLOW_VERSION, "9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124"],
  ["nvidia-cublas-cu12", "12.9.3.13", "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72"],
  ["nvidia-cuda-cupti-cu12", "12.9.79", "096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f"],
  ["nvidia-cuda-nvcc-cu12", "12.9.86", "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0"],
  ["nvidia-cuda-nvrtc-cu12", "12.9.86", "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4"],
  ["nvidia-cuda-runtime-cu12", "12.9.79", "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3"],
  ["nvidia-cudnn-cu12", "9.28.0.42", "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375"],
  ["nvidia-cufft-cu12", "11.4.1.4", "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28"],
  ["nvidia-curand-cu12", "10.3.10.19", "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e"],
  ["nvidia-cusolver-cu12", "11.7.5.82", "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88"],
  ["nvidia-cusparse-cu12", "12.5.10.65", "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78"],
  ["nvidia-nccl-cu12", "2.32.3", "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c"],
  ["nvidia-nvjitlink-cu12", "12.9.86", "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9"],
].map(([name, version, sha256]) => ({ name, version, sha256 }));

/** The platform tags of wheels for the GNU C library up to 2.28; pip takes each literally. */
function platformTags(arch: string): string[] {
  const dated = arch === "x86_64" ? ["manylinux2014", "manylinux2010", "manylinux1"] : ["manylinux2014"];
  const numbered = Array.from({ length: 24 }, (_, i) => `manylinux_2_${28 - i}`);
  return [...numbered, ...dated].map((tag) => `${tag}_${arch}`);
}

/**
 * What the engine of a device is made from on a platform.
 *
 * @param target the platform, such as `x86_64-unknown-linux-gnu`.
 * @returns null where it is not known how.
 */
export function nativeLibrary(target: string, device: Device): NativeLibrary | null {
  const arch = target.split("-")[0];
  if (!target.endsWith("-linux-gnu")) return null;
  const wheels = device === "cuda"
    ? arch === "x86_64" ? CUDA_X86 : null
    : arch === "x86_64"
    ? CPU_X86
    : arch === "aarch64"
    ? CPU_ARM
    : null;
  return wheels && { wheels, platforms: platformTags(arch) };
}
