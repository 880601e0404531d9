import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeNpy } from "../../../../lib/npy.ts";
import { createRandom } from "../../../../lib/random.ts";
import { assertColumns, assertDocumented } from "../../../documented.ts";
import { writeFiles } from "../../../data/image_files.ts";
import { inFolder } from "../../../in_folder.ts";
import { parsedCsv } from "../../../parsed_csv.ts";
import { json, refused, writeQuickProfile } from "../../refused.ts";
import { polysem } from "../../run_main.ts";

const SIDE = 32;

/** A folder of training and test images: image i of a part has the pixels that `paint` gives. */
async function writeDataset(
  folder: string,
  counts: { readonly train: number; readonly test: number },
  paint: (part: string, image: number) => (colour: number) => number,
): Promise<string> {
  const array = (part: "train" | "test") => {
    const data = new Float32Array(counts[part] * SIDE * SIDE * 3);
    for (let image = 0; image < counts[part]; image++) {
      const pixel = paint(part, image);
      for (let i = 0; i < SIDE * SIDE * 3; i++) data[image * SIDE * SIDE * 3 + i] = pixel(i % 3);
    }
    return encodeNpy({ shape: [counts[part], SIDE, SIDE, 3], data });
  };
  const images = join(folder, `images${counts.train}-${counts.test}`);
  await writeFiles(images, { "train_images.npy": array("train"), "test_images.npy": array("test") });
  return images;
}

/** Random pixels, of each image its own. */
function noise(part: string, image: number): () => number {
  const random = createRandom("noise", part, image);
  return () => random.uniform();
}

/** One colour an image, from blue-green to red. */
function shades(_: string, image: number): (colour: number) => number {
  const red = (image % 40) / 40;
  return (colour) => colour === 0 ? red : colour === 1 ? 1 - red : 0.5;
}

/** Four units: red, green, minus red, and nothing at all. */
const COLOURS = `export default ({ tf }) => ({
  name: "colours",
  input: { height: ${SIDE}, width: ${SIDE} },
  layers: [{ name: "colour", positions: "none", units: 4 }, { name: "one", positions: "none", units: 2 }],
  activations: (images, layers) => {
    const mean = tf.mean(images, [1, 2]);
    const red = tf.slice(mean, [0, 0], [-1, 1]);
    const green = tf.slice(mean, [0, 1], [-1, 1]);
    const colour = tf.concat([red, green, tf.neg(red), tf.mul(red, 0)], 1);
    return layers.map((layer) => layer === "colour" ? colour : tf.concat([red, green], 1));
  },
  dispose: () => {},
});
`;

Deno.test("validate images on units that are known: their own images tell, another's mislead, a dead one is left out", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, {
      "colours.ts": COLOURS,
      "short.json": JSON.stringify({ extends: "paper", visualize: { steps: 32, jitter: 0 } }),
    });
    const data = await writeDataset(folder, { train: 40, test: 80 }, shades);
    const out = join(folder, "out");
    const common = [
      "--model",
      join(folder, "colours.ts"),
      "--data",
      data,
      "--images",
      "3",
      "--pairs",
      "4",
      "--workers",
      "1",
    ];
    const study = await json(
      ...["validate", "images", "--quiet", "--profiles", join(folder, "short.json"), ...common],
      ...["--units", "colour:0-3,one:0", "--out", out],
    );
    assertDocumented("validate images", study);
    assertColumns("images.csv", readFileSync(join(out, "images.csv"), "utf8"));
    assert.deepEqual([study.model, study.units, study.pairs, study.images, study.chance], ["colours", 4, 4, 3, 0.5]);
    assert.deepEqual(study.left_out, [{ layer: "colour", unit: 3 }]);
    const setting = (name: string, references: string) =>
      study.settings.find((each: Record<string, unknown>) => each.name === name && each.references === references);
    // red rises as green falls, so that the greenest images are the least red: real images tell each of the three
    assert.equal(setting("real images", "own").right, 1);
    // the most exciting image of red is red all over: nearer to the red test images than what silences it is
    assert.equal(setting("short", "own").right, 1);
    const [head, ...lines] = parsedCsv(readFileSync(join(out, "images.csv"), "utf8"));
    const rows = lines.map((line) => Object.fromEntries(line.map((cell, i) => [head[i], cell])));
    assert.equal(rows.length, 4 * 2 * 2);
    for (const row of rows) {
      // the others of red are green and minus red, which mislead; green's may be minus red, which tells
      const opposite = [row.unit, row.references_of].filter((unit) => unit === "0").length === 1;
      const right = row.unit === row.references_of || !opposite ? "1" : "0";
      assert.equal(row.right, right, JSON.stringify(row));
      if (row.unit === row.references_of) assert.ok(Number(row.positive_activation) > Number(row.negative_activation));
    }
    assert.ok(rows.some(({ right }) => right === "0"));
    // the one unit that is chosen of a layer is judged by another that is not
    assert.deepEqual(rows.filter(({ layer }) => layer === "one").map(({ references_of }) => references_of), [
      "0",
      "1",
      "0",
      "1",
    ]);
    assert.deepEqual(study.paired[0], {
      name: "short",
      against: "real images",
      units: 4,
      difference: 0,
      difference_low: 0,
      difference_high: 0,
    });
    for (const file of ["images.svg", "images.png"]) assert.ok(readFileSync(join(out, file)).length > 1000);
    assert.deepEqual(JSON.parse(readFileSync(join(out, "images.json"), "utf8")).rows, study.rows);

    const { code, out: text, err } = await polysem(
      ...["validate", "images", "--quiet", "--profiles", join(folder, "short.json"), ...common],
      ...["--units", "colour:0,colour:3,one:0"],
    );
    assert.equal(code, 0, err);
    assert.match(text, /1 left out, to which the top and bottom 5 % of test images are alike: colour:3\./);
    assert.match(text, /short \(pixel\), another unit's/);
    assert.doesNotMatch(text, /NaN|undefined|null/);
    await refused(
      /^error: of 2 units one alone tells test images apart, and .* needs two: .*; choose other units$/,
      ...["validate", "images", ...common, "--units", "colour:0,colour:3"],
    );
  }));

Deno.test("validate images of LeNet-5 is the same to the byte by one worker and two, and another by another seed", () =>
  inFolder(async (folder) => {
    const profiles = `${await writeQuickProfile(folder)},calibrated`;
    await Deno.writeTextFile(
      join(folder, "fourier.json"),
      JSON.stringify({
        extends: "calibrated",
        visualize: { steps: 3, parametrization: "fourier" },
        lpips: { resize: 32 },
      }),
    );
    const data = await writeDataset(folder, { train: 24, test: 60 }, noise);
    const run = (out: string, ...more: string[]) =>
      json(
        ...[
          "validate",
          "images",
          "--quiet",
          "--data",
          data,
          "--units",
          "conv1:0-1,fc3:2",
          "--pairs",
          "3",
          "--images",
          "2",
        ],
        ...[
          "--profiles",
          `${join(folder, "quick.json")},${join(folder, "fourier.json")}`,
          "--out",
          join(folder, out),
          ...more,
        ],
      );
    const one = await run("one", "--workers", "1");
    await run("two", "--workers", "2");
    for (const file of ["images.json", "images.csv", "images.svg", "images.png"]) {
      assert.deepEqual(readFileSync(join(folder, "one", file)), readFileSync(join(folder, "two", file)), file);
    }
    assert.deepEqual(
      one.settings.map((
        { name, parametrization, references }: Record<string, unknown>,
      ) => [name, parametrization, references]),
      [
        ["quick", "pixel", "own"],
        ["quick", "pixel", "another unit's"],
        ["fourier", "fourier", "own"],
        ["fourier", "fourier", "another unit's"],
        ["real images", null, "own"],
        ["real images", null, "another unit's"],
      ],
    );
    assert.equal(one.rows.length, 3 * 3 * 2);
    for (const { right, positive_activation, negative_activation, references_of, unit } of one.rows) {
      assert.ok(right >= 0 && right <= 1 && Math.abs(6 * right - Math.round(6 * right)) < 1e-9); // halves of three
      if (references_of === unit) assert.ok(positive_activation > negative_activation);
    }
    const other = await run("other", "--workers", "1", "--seed", "1");
    assert.notDeepEqual(other.rows, one.rows);
    await refused(/quick and calibrated-2 differ in lpips/, "validate", "images", "--profiles", profiles);
  }));

Deno.test("validate images refuses what it cannot ask, before any work", () =>
  inFolder(async (folder) => {
    const images = (...args: string[]) => ["validate", "images", ...args];
    await refused(/'--pairs <n>' argument '0' is invalid. Give an integer from 1 to 1000/, ...images("--pairs", "0"));
    await refused(/'--images <n>' argument '0' is invalid/, ...images("--images", "0"));
    await refused(/profile "none" cannot be read/, ...images("--profiles", "calibrated,none"));
    await refused(/two settings would be called "paper"/, ...images("--profiles", "paper,paper"));
    const real = join(folder, "real images.json");
    await Deno.writeTextFile(real, '{"extends": "calibrated"}');
    await refused(/two settings would be called "real images"/, ...images("--profiles", real));
    await refused(/there is no model "none"/, ...images("--model", "none"));
    await refused(/layer "conv9" is not in the model/, ...images("--layers", "conv9"));
    await refused(/both a sample and units were given/, ...images("--sample", "2", "--units", "conv1:0"));
    await refused(/nowhere cannot be opened: there is no such folder/, ...images("--data", join(folder, "nowhere")));
    const data = await writeDataset(folder, { train: 24, test: 60 }, noise);
    const some = (...args: string[]) => images("--data", data, "--units", "conv1:0-1", ...args);
    await refused(
      /60 test images, of which 3 are in the top 5 %.*: too few for 20 pairs; ask for at most 3 pairs/,
      ...some(),
    );
    await refused(/24 training images, too few for 13 real images/, ...some("--pairs", "3", "--images", "13"));
    await refused(
      /1 unit is chosen, .* needs at least 2; choose more/,
      ...images("--data", data, "--units", "conv1:0"),
    );
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    await refused(/file cannot be made: .*; choose another folder with --out/, ...some("--out", file));
    await refused(/unknown option '--no-data'/, ...images("--no-data"));
  }));
