import assert from "node:assert/strict";
import { join } from "node:path";
import { loadEmbedder } from "../../../lib/embed/mod.ts";
import { useBackend } from "../../../lib/engine/mod.ts";
import { readPng, writePng } from "../../../lib/images/png.ts";
import { readMatrix } from "../../../lib/store/matrix_files.ts";
import { assertDocumented } from "../../documented.ts";
import { inFolder } from "../../in_folder.ts";
import { randomBatch } from "../../pipeline/stand_ins.ts";
import { polysem } from "../run_main.ts";
import { json, refused, weightsOf, writeLargeWeights } from "../refused.ts";

Deno.test("embed writes a row an image, in the order given, each as the library embeds that image", () =>
  inFolder(async (folder) => {
    const paths: string[] = [];
    for (const size of [32, 32, 20, 96]) {
      paths.push(join(folder, `${paths.length}.png`));
      await writePng(paths.at(-1)!, randomBatch(1, size, paths.length));
    }
    const order = [paths[3], paths[0], paths[2], paths[1], paths[0]];
    const out = join(folder, "out.npy");
    const result = await json("embed", ...order, "--out", out);
    assertDocumented("embed", result);
    assert.match(result.sha256, /^[0-9a-f]{64}$/);
    assert.deepEqual(result, {
      out,
      shape: [5, 512],
      embedder: "resnet18-cifar10",
      sha256: result.sha256,
      images: order,
    });
    const { rows, cols, data } = await readMatrix(out);
    assert.deepEqual([rows, cols], [5, 512]);
    await useBackend();
    const embedder = await loadEmbedder("resnet18-cifar10");
    for (const [i, path] of order.entries()) {
      const expected = (await embedder.embed(await readPng(path))).data;
      assert.deepEqual(Float32Array.from(data.slice(i * 512, (i + 1) * 512)), expected, path);
    }
    embedder.dispose();
    const text = await polysem("embed", paths[0], "--out", out, "--weights", weightsOf("resnet18-cifar10"));
    assert.equal(text.out, `${out}: 1 x 512, resnet18-cifar10\n`);
  }));

Deno.test("embed refuses what is not an opaque PNG, naming the file, and writes nothing", () =>
  inFolder(async (folder) => {
    const good = join(folder, "good.png");
    await writePng(good, randomBatch(1, 32));
    const bytes = await Deno.readFile(good);
    const out = join(folder, "out.npy");
    const bad = join(folder, "bad.png");
    const wrong: [Uint8Array, RegExp][] = [
      [
        new TextEncoder().encode("GIF89a"),
        /bad\.png is not a readable PNG: it does not begin with the PNG signature; /,
      ],
      [bytes.subarray(0, -20), /bad\.png is not a readable PNG: .*cut off; check the file$/],
      [bytes.with(bytes.length - 30, bytes[bytes.length - 30] ^ 1), /bad\.png is not a readable PNG: /],
      [new Uint8Array(), /bad\.png is not a readable PNG/],
    ];
    for (const [content, pattern] of wrong) {
      await Deno.writeFile(bad, content);
      await refused(pattern, "embed", good, bad, "--out", out);
    }
    await refused(
      /cannot read the image .*none\.png: .*; check the path$/,
      "embed",
      join(folder, "none.png"),
      "--out",
      out,
    );
    await refused(/cannot read the image/, "embed", folder, "--out", out);
    await assert.rejects(Deno.stat(out), "nothing is written");
  }));

Deno.test("embed refuses wrong options", () =>
  inFolder(async (folder) => {
    const image = join(folder, "image.png");
    await writePng(image, randomBatch(1, 32));
    const out = join(folder, "out.npy");
    await refused(/missing required argument 'images'/, "embed", "--out", out);
    await refused(/required option '--out <file>' not specified/, "embed", image);
    await refused(/--out out\.csv is not a \.npy file; /, "embed", image, "--out", "out.csv");
    await refused(/none.out\.npy cannot be written: /, "embed", image, "--out", join(folder, "none", "out.npy"));
    await refused(
      /there is no embedder "resnet19"; choose resnet18-cifar10, resnet18-imagenet or alexnet-imagenet, or give an \.onnx file$/,
      ...["embed", image, "--out", out, "--embedder", "resnet19"],
    );
    await refused(
      /is it the weight file of another network\?/,
      ...["embed", image, "--out", out, "--weights", weightsOf("lenet5-cifar10")],
    );
    await refused(/is not a weight file/, "embed", image, "--out", out, "--weights", image);
    await assert.rejects(Deno.stat(out), "nothing is written");
  }));

Deno.test("embed refuses weights that embed an image as no finite numbers, and writes nothing", () =>
  inFolder(async (folder) => {
    const image = join(folder, "image.png");
    await writePng(image, randomBatch(1, 32));
    const out = join(folder, "out.npy");
    const weights = await writeLargeWeights(join(folder, "large.safetensors"), "resnet18-cifar10", "bn1.weight", 1e38);
    await refused(
      /image\.png: resnet18-cifar10 embeds it as numbers that are not finite, .*; nothing is written, /,
      ...["embed", image, "--out", out, "--embedder-weights", weights],
    );
    await assert.rejects(Deno.stat(out), "nothing is written");
  }));

Deno.test("embed, report, export and the studies refuse a place that cannot be written before they begin", () =>
  inFolder(async (folder) => {
    const nowhere = join(folder, "nope", "x.npy");
    await refused(
      /--out .*nope\/x\.npy cannot be written: .*; make its folder/,
      "embed",
      "missing.png",
      "--out",
      nowhere,
    );
    await Deno.mkdir(join(folder, "folder.npy"));
    await refused(/folder\.npy is a folder; give/, "embed", "missing.png", "--out", join(folder, "folder.npy"));
    await refused(/--out .*cannot be written/, "validate", "calibrate", "--out", nowhere, "--seeds", "1");
    const kept = join(folder, "kept.npy");
    await Deno.writeTextFile(kept, "kept");
    await refused(/cannot read the image/, "embed", "missing.png", "--out", kept);
    assert.equal(await Deno.readTextFile(kept), "kept"); // trying does not touch what is there
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["folder.npy", "kept.npy"]);
  }));
