import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { dataOf, tf, useBackend } from "../../lib/engine/mod.ts";
import { loadNetwork } from "../../lib/networks/mod.ts";
import { encodeNpy } from "../../lib/npy.ts";
import { createRandom } from "../../lib/random.ts";
import { readRun } from "../../lib/store/mod.ts";
import { json, refused, weightsOf, writeQuickProfile } from "../cli/refused.ts";
import { writeFiles } from "../data/image_files.ts";
import { inFolder } from "../in_folder.ts";
import { madeUpImages } from "../lpips/made_up.ts";
import { finish } from "./command.ts";

const ROOT = resolve(import.meta.dirname!, "..", "..");
const PAGE = readFileSync(join(ROOT, "docs", "typescript-models.md"), "utf8");

/** The page's complete files, by name. */
const FILES: ReadonlyMap<string, string> = new Map(
  [...PAGE.matchAll(/^```ts (\S+)\n([^]*?)^```$/gm)].map(([, name, text]) => [name, text]),
);

/** Writes one of them as it stands; its import of types leads nowhere. */
async function writeModel(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await Deno.writeTextFile(path, FILES.get(name)!);
  return path;
}

/** Gratings of full contrast, 0.5 + 0.5 cos: two phases of each wave of gratings.ts, in its order. */
const GRATINGS = [[1, 0], [1, 1], [0, 1], [1, -1]].flatMap((wave) => [0.3, 2].map((phase) => ({ wave, phase })));

/** Noise to start from, and gratings to compare with. */
async function writeImages(folder: string): Promise<string> {
  const random = createRandom("noise");
  const pixels = 32 * 32 * 3;
  const noise = Float32Array.from({ length: 40 * pixels }, () => random.uniform());
  const gratings = Float32Array.from({ length: GRATINGS.length * pixels }, (_, i) => {
    const { wave: [kx, ky], phase } = GRATINGS[Math.floor(i / pixels)];
    const [x, y] = [Math.floor(i / 3) % 32, Math.floor(i / 96) % 32];
    return 0.5 + 0.5 * Math.cos(2 * Math.PI * (kx * x + ky * y) / 8 + phase);
  });
  const images = join(folder, "images");
  await writeFiles(images, {
    "train_images.npy": encodeNpy({ shape: [40, 32, 32, 3], data: noise }),
    "test_images.npy": encodeNpy({ shape: [GRATINGS.length, 32, 32, 3], data: gratings }),
  });
  return images;
}

Deno.test("docs/typescript-models.md: its three files agree with the types of lib/mod.ts", () =>
  inFolder(async (folder) => {
    assert.deepEqual([...FILES.keys()], ["gratings.ts", "lenet.ts", "program.ts"]);
    for (const [name, text] of FILES) {
      await Deno.writeTextFile(join(folder, name), text.replace("../polysem/lib/mod.ts", join(ROOT, "lib", "mod.ts")));
    }
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "check",
        "--quiet",
        "--config",
        join(ROOT, "deno.json"),
        ...[...FILES.keys()].map((name) => join(folder, name)),
      ],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  }));

Deno.test("docs/typescript-models.md: gratings.ts is scored from outside the repository, and its units have the features they were given", async (test) => {
  const folder = await Deno.makeTempDir();
  try {
    const model = await writeModel(folder, "gratings.ts");
    const images = await writeImages(folder);
    const run = join(folder, "run");
    // by calibrated-2 some images of either:0 stay wavy where they repelled each other, and K is 3, as the page says
    const scoreAll = (...args: string[]) =>
      finish(folder, "score-all", "--model", model, "--data", images, "--profile", "calibrated-1", ...args);

    await test.step("layers lists its layers", async () => {
      const { input, layers } = await json("layers", model);
      assert.deepEqual(input, { height: 32, width: 32 });
      assert.deepEqual(layers, [
        { name: "waves", units: 4, positions: "grid" },
        { name: "either", units: 2, positions: "none" },
      ]);
    });

    await test.step("score-all in two workers finds one kind of bars, and two", async () => {
      const { code, out, err } = await scoreAll("--units", "waves:0,either:0", "--workers", "2", "--run", run);
      assert.equal(code, 0, err);
      assert.match(out, /^report: /m);
      using reader = readRun(run);
      const [wave, either] = [reader.unit("waves", 0)!, reader.unit("either", 0)!];
      assert.deepEqual([wave.score!.K, either.score!.K], [1, 2]);
      assert.equal(wave.score!.S, 0);
      assert.ok(either.score!.S! > 0);
      for (const { activations, datasetMax, datasetBest } of [wave, either]) {
        // a grating's cosine and sine are (1/32) sum 0.5 cos(t + phase) cos(t) = 0.5 cos(phase) and likewise, over 64 pixels
        assert.ok(Math.abs(datasetMax! - 0.5) < 1e-4, `${datasetMax}`);
        // (1/32) sum x cos(t + phase) is greatest where x is 1 or 0 as the cosine's sign: half of (1/32) sum |cos|, which is
        // 8 rows of 4 (cos 22.5 + cos 67.5 degrees) where no pixel lies on a zero
        const greatest = (Math.cos(Math.PI / 8) + Math.cos(3 * Math.PI / 8)) / 2;
        assert.ok(activations.every((value) => value < greatest + 1e-4), `${Math.max(...activations)}`);
        assert.ok(Math.max(...activations) > 0.5, "bars that are black and white do better than a grating");
        assert.equal(datasetBest.length, 8);
      }
      const answering = (best: typeof wave.datasetBest) =>
        best.filter(({ activation }) => activation > 0.25).map(({ index }) => index).sort();
      assert.deepEqual(answering(wave.datasetBest), [0, 1]);
      assert.deepEqual(answering(either.datasetBest), [0, 1, 4, 5]);
    });

    await test.step("the default profile tells one kind from several too", async () => {
      const other = join(folder, "default");
      const { code, err } = await finish(
        folder,
        ...["score-all", "--model", model, "--data", images, "--units", "waves:0,either:0", "--run", other],
      );
      assert.equal(code, 0, err);
      using reader = readRun(other);
      assert.equal(reader.manifest.profileName, "calibrated-2");
      assert.equal(reader.unit("waves", 0)!.score!.K, 1);
      assert.ok(reader.unit("either", 0)!.score!.K > 1);
    });

    await test.step("the run knows the model by name and hash, not by its place", () => {
      using reader = readRun(run);
      const { model: name, modelFormat, modelInput, modelSha256 } = reader.manifest;
      assert.deepEqual([name, modelFormat, modelInput], ["gratings", "typescript", undefined]);
      assert.equal(modelSha256, createHash("sha256").update(FILES.get("gratings.ts")!).digest("hex"));
      assert.ok(!JSON.stringify(reader.manifest).includes(folder));
    });

    await test.step("one worker and two give the same scores.csv to the byte", async () => {
      const profile = await writeQuickProfile(folder);
      const quick = ["--profile", profile, "--no-report"];
      for (const workers of ["1", "2"]) {
        const { code, err } = await scoreAll("--workers", workers, "--run", join(folder, workers), ...quick);
        assert.equal(code, 0, err);
      }
      const scores = (workers: string) => readFileSync(join(folder, workers, "scores.csv"), "utf8");
      assert.equal(scores("1"), scores("2"));
      assert.equal(scores("1").trimEnd().split("\n").length, 1 + 6);
    });

    await test.step("report and figures need the run alone; what runs the model again is told where it is", async () => {
      await json("report", run, "--data", images, "--out", join(folder, "r.html"));
      await json("figures", run, "--data", images, "--out", join(folder, "figures"));
      const again = ["validate", "metrics", join(folder, "1"), "--data", images];
      await refused(/is of the model gratings in TypeScript; give --model-weights FILE/, ...again);
      const { units } = await json(...again, "--model-weights", model);
      assert.equal(units.length, 6);
    });

    await test.step("a file that has changed is another model", async () => {
      await Deno.writeTextFile(model, FILES.get("gratings.ts")!.replace("1e-8", "1e-6"));
      const again = ["validate", "metrics", join(folder, "1"), "--data", images, "--model-weights", model];
      await refused(/was made with another model gratings .*; give --model-weights FILE/, ...again);
      const { code, err } = await scoreAll("--units", "waves:0,either:0", "--run", run);
      assert.equal(code, 2, err);
      assert.match(err, /made with other settings: .*modelSha256/);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("docs/typescript-models.md: lenet.ts computes the first layer of lenet5-cifar10, and its weights are in its hash", () =>
  inFolder(async (folder) => {
    await useBackend();
    const file = await writeModel(folder, "lenet.ts");
    await refusedWithout("lenet.safetensors", folder, file);
    await Deno.copyFile(weightsOf("lenet5-cifar10"), join(folder, "lenet.safetensors"));
    const { network, sha256 } = await loadNetwork({ kind: "typescript", file });
    const { network: shipped } = await loadNetwork({ kind: "shipped", name: "lenet5-cifar10" });
    const images = tf.tensor4d(madeUpImages(910, 3, 32).data, [3, 32, 32, 3]);
    const [ours, expected] = [network, shipped].map((each) => dataOf(() => each.activations(images, ["conv1"])[0]));
    const largest = Math.max(...expected.map(Math.abs));
    assert.ok(ours.length === expected.length && largest > 0);
    ours.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) <= 1e-5 * largest, `${value}, ${expected[i]}`));
    const hash = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");
    const [own, weights] = [file, weightsOf("lenet5-cifar10")].map((path) => hash(readFileSync(path)));
    assert.equal(sha256, hash(`${own}\n${weights}\n`));
    images.dispose();
    network.dispose();
    shipped.dispose();
  }));

async function refusedWithout(missing: string, folder: string, file: string): Promise<void> {
  await refused(
    new RegExp(`lenet\\.ts makes no network: cannot read the weight file ${join(folder, missing)}.*check the path`),
    "layers",
    file,
  );
}

Deno.test("docs/typescript-models.md: program.ts scores a network of its own from outside the repository", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "package.json"), "{}");
    const program = FILES.get("program.ts")!.replace("../polysem/lib/mod.ts", join(ROOT, "lib", "mod.ts"));
    await Deno.writeTextFile(join(folder, "program.ts"), program);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", "--allow-ffi", "--allow-sys"],
        "program.ts",
      ],
      cwd: folder,
      env: { TF_CPP_MIN_LOG_LEVEL: "3" },
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assert.equal(lines.length, 2);
    for (const [unit, line] of lines.entries()) {
      const [, K, S, highest] = new RegExp(`^contrast:${unit} K=(\\d+) S=([\\d.]+) highest=([\\d.]+)$`).exec(line)!;
      // one half white, the other black: one feature, and a contrast of at most 1
      assert.deepEqual([K, S], ["1", "0"]);
      assert.ok(Number(highest) > 0.75 && Number(highest) <= 1, highest);
    }
  }));
