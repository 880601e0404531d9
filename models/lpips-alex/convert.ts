/**
 * Makes weights.safetensors: AlexNet's convolutions and the LPIPS v0.1 heads in one file.
 *
 *     deno run --allow-read --allow-write --allow-env models/lpips-alex/convert.ts FEATURES HEADS
 *
 * FEATURES is torchvision's AlexNet (`alexnet-owt-7be5be79.pth`, or its features alone), HEADS the published `alex.pth`;
 * each may be .pth or .safetensors. Tensors keep their names (torchvision's, and `linN.weight`), their layouts and their bits; the order is that of the
 * network, so the same inputs give the same bytes.
 */
import { encodeSafetensors, type WeightArray } from "../../lib/weights/safetensors.ts";
import { loadWeights } from "../../lib/weights/load_weights.ts";
import { recordModel } from "../../lib/weights/registry.ts";

const [featuresPath, headsPath] = Deno.args;
if (headsPath === undefined) throw new Error("usage: convert.ts FEATURES HEADS");
const features = await loadWeights(featuresPath, (name) => name.startsWith("features."));
const heads = await loadWeights(headsPath);

const tensors = new Map<string, WeightArray>();
const take = (array: WeightArray | undefined, name: string, from: string) => {
  if (array === undefined) throw new Error(`${from} has no tensor ${name}`);
  tensors.set(name, array);
};
for (const index of [0, 3, 6, 8, 10]) {
  for (const part of ["weight", "bias"]) {
    const name = `features.${index}.${part}`;
    take(features.get(name), name, featuresPath);
  }
}
for (const layer of [0, 1, 2, 3, 4]) {
  const name = `lin${layer}.weight`;
  // the published file has a dropout before each convolution, hence its longer names
  take(heads.get(name) ?? heads.get(`lin${layer}.model.1.weight`), name, headsPath);
}
if (features.size + heads.size !== tensors.size) throw new Error("the files hold more tensors than these networks have");

const bytes = encodeSafetensors(tensors, {
  title: "LPIPS v0.1 with AlexNet: torchvision's convolutions (ImageNet) and the learned linear heads",
  source: "torchvision alexnet-owt IMAGENET1K_V1 features; richzhang/PerceptualSimilarity@082bb24 lpips/weights/v0.1/alex",
  license: "BSD-3-Clause (torchvision), BSD-2-Clause (LPIPS)",
});
await Deno.writeFile(new URL("weights.safetensors", import.meta.url), bytes);
await recordModel("lpips-alex", { about: "LPIPS v0.1 with AlexNet", licence: "BSD-3, BSD-2" });
