import assert from "node:assert/strict";
import { join } from "node:path";
import { registerGenerate } from "../../../lib/cli/commands/generate.ts";
import { latentOf } from "../../../lib/gan/network/image_generator.ts";
import { drawShape } from "../../../lib/gan/masks/shapes.ts";
import { readPng, writePng } from "../../../lib/images/png.ts";
import { decodeNpy, encodeNpy } from "../../../lib/npy.ts";
import { assertColumns, assertDocumented } from "../../documented.ts";
import { inFolder } from "../../in_folder.ts";
import { blueOf, toyGenerator } from "../../gan/toy_generator.ts";
import { refused } from "../refused.ts";
import { withToy } from "../toy_command.ts";

const generate = (...args: string[]) => withToy(registerGenerate, ["generate", "--quiet", ...args]);
const blue = (seed: number, latent: number) => Math.round(255 * Math.fround(blueOf(latentOf(seed, latent), 0)));
const filesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

async function bytesAt(file: string, row: number, column: number): Promise<number[]> {
  const { data, width } = await readPng(file);
  return [...data.subarray((row * width + column) * 3, (row * width + column) * 3 + 3)].map((x) => Math.round(255 * x));
}

Deno.test("generate writes a PNG for each label, mask and latent, and says which is which", () =>
  inFolder(async (folder) => {
    const args = ["--label", "ship,0", "--mask", "half-left", "--mask", "disk:x=.5,size=.3", "--count", "2"];
    const { out } = await generate(...args, "--seed", "5", "--out", folder, "--json");
    const shown = JSON.parse(out);
    assertDocumented("generate", shown);
    assertColumns("labels.csv", Deno.readTextFileSync(join(folder, "labels.csv")));
    assert.deepEqual(
      [shown.images, shown.labels, shown.masks, shown.seed, shown.latents],
      [8, ["ship", "airplane"], ["half-left", "disk:x=.5,size=.3"], 5, { first: 0, count: 2 }],
    );
    assert.deepEqual(shown.files, [join(folder, "labels.csv")]);
    assert.equal(
      Deno.readTextFileSync(join(folder, "labels.csv")),
      [
        "file,label,label_name,mask,seed,latent",
        "ship_half-left_0.png,8,ship,half-left,5,0",
        "ship_half-left_1.png,8,ship,half-left,5,1",
        'ship_disk-x-.5-size-.3_0.png,8,ship,"disk:x=.5,size=.3",5,0',
        'ship_disk-x-.5-size-.3_1.png,8,ship,"disk:x=.5,size=.3",5,1',
        "airplane_half-left_0.png,0,airplane,half-left,5,0",
        "airplane_half-left_1.png,0,airplane,half-left,5,1",
        'airplane_disk-x-.5-size-.3_0.png,0,airplane,"disk:x=.5,size=.3",5,0',
        'airplane_disk-x-.5-size-.3_1.png,0,airplane,"disk:x=.5,size=.3",5,1',
        "",
      ].join("\n"),
    );
    assert.equal(filesIn(folder).length, 9);
    const ship = join(folder, "ship_half-left_1.png");
    assert.deepEqual(await bytesAt(ship, 7, 15), [204, 255, blue(5, 1)]); // .8, inside the mask
    assert.deepEqual(await bytesAt(ship, 7, 16), [204, 0, blue(5, 1)]);
    const airplane = join(folder, "airplane_disk-x-.5-size-.3_0.png");
    assert.deepEqual(await bytesAt(airplane, 16, 24), [0, 255, blue(5, 0)]);
    assert.deepEqual(await bytesAt(airplane, 16, 8), [0, 0, blue(5, 0)]);
  }));

Deno.test("generate gives the same bytes again, replaces its own files and leaves others", () =>
  inFolder(async (folder) => {
    const once = async (to: string) => {
      await generate("--label", "cat", "--count", "3", "--sheet", "--out", to);
      return filesIn(to).filter((name) => name !== "mine.txt").map((name) => [name, Deno.readFileSync(join(to, name))]);
    };
    const [a, b] = [join(folder, "a"), join(folder, "b", "c")];
    Deno.mkdirSync(a);
    Deno.writeTextFileSync(join(a, "mine.txt"), "mine");
    Deno.writeTextFileSync(join(a, "labels.csv"), "older and much longer\n".repeat(100));
    const first = await once(a);
    assert.deepEqual(first.map(([name]) => name), [
      "cat_disk_0.png",
      "cat_disk_1.png",
      "cat_disk_2.png",
      "labels.csv",
      "sheet.png",
    ]);
    assert.deepEqual(await once(b), first);
    assert.equal(Deno.readTextFileSync(join(a, "mine.txt")), "mine");
  }));

Deno.test("generate --latent makes one latent under every mask, that of its number among many", () =>
  inFolder(async (folder) => {
    const [one, many] = [join(folder, "one"), join(folder, "many")];
    const masks = ["--label", "3", "--mask", "bar", "--mask", "bar:angle=90"];
    await generate(...masks, "--latent", "11", "--out", one);
    await generate(...masks, "--count", "12", "--out", many);
    assert.deepEqual(filesIn(one), ["cat_bar-angle-90_11.png", "cat_bar_11.png", "labels.csv"]);
    for (const name of ["cat_bar_11.png", "cat_bar-angle-90_11.png"]) {
      assert.deepEqual(Deno.readFileSync(join(one, name)), Deno.readFileSync(join(many, name)));
    }
    assert.ok(filesIn(many).includes("cat_bar_04.png"));
  }));

Deno.test("generate --format npy streams images, labels and masks that fit each other, a batch at a time", () =>
  inFolder(async (folder) => {
    const batches: number[] = [];
    const toy = toyGenerator((images) => batches.push(images));
    const args = [
      "generate",
      "--quiet",
      "--label",
      "frog,truck",
      "--mask",
      "cross",
      "--count",
      "130",
      "--format",
      "npy",
    ];
    await withToy(registerGenerate, [...args, "--out", folder], toy);
    assert.deepEqual(batches, [200, 60]);
    assert.deepEqual(filesIn(folder), ["images.npy", "labels.csv", "labels.npy", "masks.npy"]);
    const read = (name: string) => decodeNpy(Deno.readFileSync(join(folder, name)), name);
    const [images, labels, masks] = ["images.npy", "labels.npy", "masks.npy"].map(read);
    assert.deepEqual([images.shape, labels.shape, masks.shape], [[260, 32, 32, 3], [260], [260, 32, 32]]);
    assert.deepEqual([...labels.data], [...Array(130).fill(6), ...Array(130).fill(9)]);
    const cross = drawShape("cross");
    assert.deepEqual(masks.data.slice(259 * 1024), cross);
    for (const image of [0, 129, 130, 259]) {
      assert.deepEqual([...images.data.slice((image * 1024 + 16 * 32 + 16) * 3).slice(0, 3)], [
        Math.fround(image < 130 ? 0.6 : 0.9),
        1,
        Math.fround(blueOf(latentOf(0, image % 130), 0)),
      ]);
    }
    const csv = Deno.readTextFileSync(join(folder, "labels.csv")).split("\n");
    assert.deepEqual([csv.length, csv[260]], [262, "images.npy,9,truck,cross,0,129"]);
  }));

Deno.test("generate --scale repeats pixels, and --sheet shows labels down and masks across", () =>
  inFolder(async (folder) => {
    const masks = ["--mask", "half-left", "--mask", "half-right", "--mask", "disk"];
    await generate("--label", "0,8", ...masks, "--latent", "0", "--scale", "3", "--sheet", "--out", folder);
    const image = await readPng(join(folder, "ship_half-left_0.png"));
    assert.deepEqual([image.width, image.height], [96, 96]);
    assert.deepEqual(await bytesAt(join(folder, "ship_half-left_0.png"), 0, 47), [204, 255, blue(0, 0)]); // .8
    assert.deepEqual(await bytesAt(join(folder, "ship_half-left_0.png"), 0, 48), [204, 0, blue(0, 0)]);
    const sheet = join(folder, "sheet.png");
    const { width, height } = await readPng(sheet);
    assert.deepEqual([width, height], [3 * 66 + 2, 2 * 66 + 2]); // images of 64, and 2 between and around
    assert.deepEqual(await bytesAt(sheet, 66 + 2 + 10, 66 + 2 + 10), [204, 0, blue(0, 0)]); // ship, half-right, its left
    assert.deepEqual(await bytesAt(sheet, 2 + 10, 66 + 2 + 50), [0, 255, blue(0, 0)]); // airplane, half-right, its right

    const { err } = await withToy(
      registerGenerate,
      ["generate", "--quiet", "--label", "0,1", "--count", "40", "--sheet", "--out", folder],
    );
    assert.match(err, /note: sheet\.png shows 32 of 80 images/);
    assert.deepEqual((await readPng(sheet)).height, 2 * 66 + 2);
  }));

Deno.test("generate takes masks from PNG and .npy files, and keeps files of one name apart", () =>
  inFolder(async (folder) => {
    const data = new Float32Array(64 * 64 * 3);
    for (let i = 0; i < data.length / 2; i++) data[i] = 1; // white above
    await writePng(join(folder, "own.png"), { count: 1, height: 64, width: 64, data });
    const npy = Float64Array.from({ length: 1024 }, (_, i) => i < 512 ? 0 : 0.5);
    Deno.writeFileSync(join(folder, "own.npy"), encodeNpy({ shape: [32, 32], data: npy }));
    const out = join(folder, "out");
    const files = ["--mask", join(folder, "own.png"), "--mask", join(folder, "own.npy")];
    await generate("--label", "dog", ...files, "--count", "1", "--out", out);
    assert.deepEqual(filesIn(out), ["dog_own_0.png", "dog_own~2_0.png", "labels.csv"]);
    const greens = async (name: string) => [
      (await bytesAt(join(out, name), 15, 3))[1],
      (await bytesAt(join(out, name), 16, 3))[1],
    ];
    assert.deepEqual(await greens("dog_own_0.png"), [255, 0]);
    assert.deepEqual(await greens("dog_own~2_0.png"), [0, 128]);
  }));

Deno.test("generate refuses labels, masks and counts that are none, before anything is loaded or written", () =>
  inFolder(async (folder) => {
    const out = join(folder, "out");
    const refusedWith = (pattern: RegExp, ...args: string[]) => refused(pattern, "generate", "--out", out, ...args);
    await refused(/required option '--out <dir>' not specified/, "generate", "--label", "ship");
    await refusedWith(
      /there is no label "boat"; choose among airplane, .*truck \(or 0 to 9\), or all/,
      "--label",
      "boat",
    );
    await refusedWith(/there is no label "10"/, "--label", "10");
    await refusedWith(/there is no label ""/, "--label", "cat,");
    await refusedWith(/the label ship is given twice/, "--label", "ship,8");
    for (const count of ["0", "-1", "1000001", "1e3", "many"]) {
      await refusedWith(/'--count <n>' .*Give an integer from 1 to 1000000\./, `--count=${count}`);
    }
    await refusedWith(/300000 images of 10 labels and 1 masks are 3000000, over 1000000; ask/, "--count", "300000");
    await refusedWith(/--latent 3 makes one image of each .* --count asks for 2/, "--latent", "3", "--count", "2");
    await refusedWith(/there is no format "jpeg"; choose png or npy/, "--format", "jpeg");
    await refusedWith(/--scale is for PNG files/, "--format", "npy", "--scale", "2");
    await refusedWith(/the mask disk is given twice/, "--mask", "disk", "--mask", "disk");
    await refusedWith(
      /"blob" is neither a file nor a shape; give a PNG or \.npy file, or one of disk, .*Z/,
      "--mask",
      "blob",
    );
    await refusedWith(/the shape "disk:r=1" sets "r"/, "--mask", "disk:r=1");
    await refusedWith(/the mask half-top:y=1 is empty/, "--mask", "half-top:y=1");
    await refusedWith(/the mask square:size=2 is full/, "--mask", "square:size=2");

    const write = (name: string, shape: number[], value: (i: number) => number) => {
      const path = join(folder, name);
      const count = shape.reduce((product, n) => product * n, 1);
      Deno.writeFileSync(path, encodeNpy({ shape, data: Float32Array.from({ length: count }, (_, i) => value(i)) }));
      return path;
    };
    await refusedWith(/has the shape \(16, 64\) instead of \(32, 32\)/, "--mask", write("a.npy", [16, 64], () => 0.5));
    await refusedWith(/has the shape \(1024\) instead of/, "--mask", write("b.npy", [1024], () => 0.5));
    await refusedWith(/has the value 255 .*scale it first/, "--mask", write("c.npy", [32, 32], (i) => i % 2 * 255));
    await refusedWith(/has the value NaN/, "--mask", write("d.npy", [32, 32], () => NaN));
    await refusedWith(/is empty/, "--mask", write("e.npy", [32, 32], () => 0));
    await refusedWith(/is full/, "--mask", write("f.npy", [32, 32], () => 1));
    const text = join(folder, "text.png");
    Deno.writeTextFileSync(text, "no picture");
    await refusedWith(/text\.png is not a readable PNG/, "--mask", text);
    assert.deepEqual(filesIn(folder).includes("out"), false);

    await refused(/cannot write images to .*text\.png/, "generate", "--out", text);
    await refusedWith(/nowhere\.safetensors/, "--weights", join(folder, "nowhere.safetensors"));
  }));

Deno.test("generate leaves no half-written file where its generator fails, nor an older one in its place", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(join(folder, "images.npy"), "older");
    const toy = toyGenerator();
    let calls = 0;
    const failing = {
      ...toy,
      generate: (conditions: Parameters<typeof toy.generate>[0]) => {
        if (++calls === 2) throw new Error("out of memory");
        return toy.generate(conditions);
      },
    };
    const args = ["generate", "--quiet", "--label", "1", "--count", "300", "--format", "npy", "--out", folder];
    await assert.rejects(withToy(registerGenerate, args, failing), /out of memory/);
    assert.deepEqual(filesIn(folder), ["images.npy"]);
    assert.equal(Deno.readTextFileSync(join(folder, "images.npy")), "older");
  }));
