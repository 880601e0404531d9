import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PARTS } from "../../../lib/cost.ts";
import { decodeSafetensors, encodeSafetensors } from "../../../lib/weights/safetensors.ts";
import { readRun } from "../../../lib/store/mod.ts";
import { assertDocumented } from "../../documented.ts";
import { inFolder } from "../../in_folder.ts";
import { polysem } from "../run_main.ts";
import { COMPANY_KEEPS_BITS } from "../../same_bits.ts";
import { json, refused, weightsOf, writeQuickProfile } from "../refused.ts";

Deno.test("score-all refuses units and layers that are not the model's, before it loads anything", async () => {
  const range = /unit conv2:16 is out of range; conv2 has 16 units, conv2:0 to conv2:15$/;
  await refused(range, "score-all", "--units", "conv2:16");
  await refused(/unit conv2:14-16 is out of range/, "score-all", "--units", "fc3:0,conv2:14-16");
  await refused(
    /layer "conv9" is not in the model; its layers are conv1, conv2, fc1, fc2, fc3$/,
    "score-all",
    "--units",
    "conv9:0",
  );
  await refused(/layer "fc4" is not in the model; its layers are/, "score-all", "--layers", "conv1,fc4");
  await refused(/layer list "conv1,,fc1" has an empty item; write/, "score-all", "--layers", "conv1,,fc1");
  await refused(/both layers and units were given; give one/, "score-all", "--layers", "fc1", "--units", "fc1:0");
  for (const malformed of ["conv2", "conv2:", "conv2:a", "conv2:1-", "conv2:-1", "conv2:1.5", ":1", "conv2 3"]) {
    await refused(
      new RegExp(`unit "${malformed}" is malformed; write conv2:3 or conv2:0-7, commas between$`),
      "score-all",
      "--units",
      malformed,
    );
  }
  await refused(/unit "" is malformed/, "score-all", "--units", "conv2:1,,fc1:2");
  await refused(/unit conv2:5-2 counts down; write conv2:2-5$/, "score-all", "--units", "conv2:5-2");
  await refused(
    /there is no model "lenet6"; choose lenet5-cifar10, .*, or give an \.onnx or \.ts file$/,
    "score-all",
    "--model",
    "lenet6",
  );
});

Deno.test("score-all refuses options out of range, and words that are none", async () => {
  await refused(/shard "2\/2" is not i\/n with 0 <= i < n; write 0\/2 and 1\/2/, "score-all", "--shard", "2/2");
  for (const shard of ["0/0", "1", "a/b", "-1/2", "1/2/3"]) {
    await refused(/shard .* is not i\/n/, "score-all", `--shard=${shard}`);
  }
  for (const limit of ["0", "-3", "1.5", "many"]) {
    await refused(
      /option '--limit <n>' argument '.*' is invalid\. Give an integer from 1\./,
      "score-all",
      `--limit=${limit}`,
    );
  }
  for (const workers of ["0", "-1", "1.5", "all"]) {
    await refused(
      /option '--workers <n>' argument '.*' is invalid\. Give an integer from 1\./,
      "score-all",
      `--workers=${workers}`,
    );
  }
  for (const seed of ["-1", "x", "4294967296"]) {
    await refused(
      /option '--seed <n>' .* is invalid\. Give an integer from 0 to 4294967295\./,
      "score-all",
      `--seed=${seed}`,
    );
  }
  await refused(/unknown option '--unit' \(Did you mean --units\?\)/, "score-all", "--unit", "conv1:0");
  await refused(/too many arguments/, "score-all", "conv1");
});

Deno.test("score-all refuses profiles that are not valid, naming the field", () =>
  inFolder(async (folder) => {
    const wrong: [unknown, RegExp][] = [
      [
        { extends: "calibrated", elbow: { threshold: -0.1 } },
        /elbow\.threshold is -0\.1; allowed: a number from 0 to 1$/,
      ],
      [{ extends: "paper", visualize: { steps: "many" } }, /visualize\.steps is "many"; allowed: an integer from 1 to/],
      [{ extends: "paper", visualize: { stpes: 3 } }, /visualize\.stpes is not a field; the fields here are .*steps/],
      [{ extends: "papers" }, /extends is "papers"; allowed: "calibrated-2", "calibrated-1", "paper", "calibrated"$/],
      [
        { extends: "paper", embed: { embedder: "vit" } },
        /embed\.embedder is "vit"; allowed: one of "resnet18-cifar10"/,
      ],
      [[], /is not a JSON object/],
      [{ elbow: {} }, /visualize is missing \(start the file with "extends"/],
    ];
    const file = join(folder, "own.json");
    for (const [document, pattern] of wrong) {
      await Deno.writeTextFile(file, JSON.stringify(document));
      await refused(pattern, "score-all", "--profile", file);
    }
    await Deno.writeTextFile(file, '{"extends": "paper",\n');
    await refused(/own\.json is not JSON: /, "score-all", "--profile", file);
    await refused(
      /profile "papre" cannot be read: there is no such file; give calibrated-2 .* paper or/,
      "score-all",
      "--profile",
      "papre",
    );
    await refused(/cannot be read: .*directory/, "score-all", "--profile", folder);
  }));

Deno.test("score-all refuses a dataset that is missing, cut or altered, naming the file", () =>
  inFolder(async (folder) => {
    const args = ["score-all", "--units", "fc3:0", "--data", folder];
    const first = join(folder, "data_batch_1.bin");
    await refused(/holds no images; give a folder with PNG or JPEG files .* CIFAR-10's data_batch_1\.bin/, ...args);
    await refused(/nowhere cannot be opened: there is no such folder/, ...args.slice(0, -1), join(folder, "nowhere"));
    await Deno.writeFile(join(folder, "test_batch.bin"), new Uint8Array(1000));
    await refused(/data_batch_1\.bin is missing; run .*, or point --data at a folder/, ...args);
    await Deno.writeFile(first, new Uint8Array(1000));
    await refused(/data_batch_1\.bin has 1000 bytes instead of 30730000/, ...args);
    await refused(/data_batch_1\.bin has 1000 bytes(?!.*delete).*; take that file from the official archive/, ...args); // it is theirs
    await Deno.writeFile(first, new Uint8Array(30_730_000));
    await refused(/the pixels of .*data_batch_1\.bin are not the published ones/, ...args);
    await Deno.remove(first);
    await Deno.mkdir(first);
    await refused(/data_batch_1\.bin cannot be read: /, ...args);
  }));

Deno.test("score-all refuses weights that are cut, missing or another network's, naming the file", () =>
  inFolder(async (folder) => {
    const cut = join(folder, "cut.safetensors");
    await Deno.writeFile(cut, (await Deno.readFile(weightsOf("lenet5-cifar10"))).subarray(0, -7));
    const args = ["score-all", "--no-data", "--units", "fc3:0", "--run", join(folder, "run")];
    await refused(/cut\.safetensors/, ...args, "--model-weights", cut);
    await refused(/cannot read the weight file .*none\.pth/, ...args, "--model-weights", join(folder, "none.pth"));
    await refused(/is it the weight file of another network\?/, ...args, "--model-weights", weightsOf("lpips-alex"));
    await refused(/cut\.safetensors/, ...args, "--embedder-weights", cut);
    await refused(
      /is it the weight file of another network\?/,
      ...args,
      "--embedder-weights",
      weightsOf("lenet5-cifar10"),
    );
    await Deno.writeTextFile(cut, "weights");
    await refused(/cut\.safetensors is not a weight file/, ...args, "--embedder-weights", cut);
    await assert.rejects(Deno.stat(join(folder, "run")), "nothing is begun");
  }));

Deno.test("score-all refuses a run folder that is a file or cannot be written, and an empty name", () =>
  inFolder(async (folder) => {
    const args = ["score-all", "--no-data", "--profile", await writeQuickProfile(folder), "--units", "fc3:0", "--run"];
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    await refused(/run .*file cannot be created: .*; choose a folder that can be$/, ...args, file);
    await refused(/run \/sys\/polysem cannot be created/, ...args, "/sys/polysem"); // refused to root too
    await refused(/the run's name is empty/, ...args, "");
    await Deno.mkdir(join(folder, "foreign"));
    await Deno.writeTextFile(join(folder, "foreign", "run.sqlite"), "no database at all, but long enough ".repeat(9));
    await refused(/run\.sqlite is damaged or not a run of polysem/, ...args, join(folder, "foreign"));
  }));

Deno.test("score-all without a dataset says that ascent starts from noise, flags it, and finishes a shard without jobs", () =>
  inFolder(async (folder) => {
    const profile = await writeQuickProfile(folder);
    const run = join(folder, "run");
    const args = ["score-all", "--no-data", "--profile", profile, "--units", "fc3:3-4,conv1:2", "--run", run];
    const { code, out, err } = await polysem(...args);
    assert.equal(code, 0, err);
    assert.match(
      err,
      /^note: without a dataset ascent starts from noise, and activations are not compared with the dat/m,
    );
    assert.match(out, /│ fc3 +│ +2 │/);
    assert.match(out, /│ all +│ +3 │/);
    assert.match(out, new RegExp(`^scores: ${join(run, "scores.csv")}$`, "m"));
    {
      using reader = readRun(run);
      assert.deepEqual(reader.units().map(({ layer, unit }) => `${layer}:${unit}`), ["conv1:2", "fc3:3", "fc3:4"]);
      assert.ok(reader.units().every(({ flags, datasetMax }) => flags.includes("noise_start") && datasetMax === null));
      assert.equal(reader.manifest.dataset, null);
      assert.equal(reader.manifest.profileName, "quick");
    }
    // the same again has nothing to do and changes nothing
    const scores = await Deno.readTextFile(join(run, "scores.csv"));
    const again = await polysem(...args);
    assert.equal(again.code, 0, again.err);
    assert.match(again.err, /has 2 finished jobs; 0 to go/);
    assert.doesNotMatch(again.err, /scoring:/);
    assert.equal(await Deno.readTextFile(join(run, "scores.csv")), scores);
    // another dataset, seed and profile: refused, each named with both values
    const other = args.with(args.indexOf(profile), "paper");
    await refused(
      /^error: run .*run was made with other settings: (?=.*\bseed 0 there, 7 asked)(?=.*profileName "quick" there, "paper" asked)(?=.*visualize\.steps 4 there, 256 asked).*; give the same settings to resume it, or another run name$/,
      ...other,
      "--seed",
      "7",
    );
    await refused(/plan 3 units in 2 jobs .* there, 1 unit in 1 job \(conv1:2\) asked/, ...args, "--limit", "1");
    // an empty shard is a run too
    const none = await json(...args.with(-1, join(folder, "none")), "--limit", "1", "--shard", "1/2");
    assert.deepEqual(none.jobs, { planned: 0, completed: 0 });
    assert.equal((await Deno.readTextFile(none.files.scores)).split("\n").length, 2);
  }));

Deno.test("score-all of some units, then of all: both runs stay, and the second takes what is finished", () =>
  inFolder(async (folder) => {
    const profile = await writeQuickProfile(folder);
    const here = Deno.cwd();
    Deno.chdir(folder);
    try {
      const args = ["score-all", "--no-data", "--no-report", "--profile", profile];
      const first = await json(...args, "--units", "conv1:0-5");
      const { code, err, out } = await polysem(...args, "--units", "conv1:0-5,conv2:0", "--json");
      assert.equal(code, 0, err);
      assert.equal(first.run, join("runs", "lenet5-cifar10-quick-seed0"));
      assert.match(
        err,
        /^note: runs.*-seed0 holds another choice of units; this one goes into runs.*-conv1_0-5_conv2_0-[0-9a-f]{8} \(--run .*\), with 6 units that are finished there$/m,
      );
      const second = JSON.parse(out);
      using some = readRun(first.run);
      using all = readRun(second.run);
      assert.deepEqual([some.units().length, all.units().length], [6, 7]);
      assert.deepEqual(some.unit("conv1", 3), all.unit("conv1", 3));
      // each command again goes on with its own run; a name that was given is never changed
      assert.equal((await json(...args, "--units", "conv1:0-5,conv2:0")).run, second.run);
      assert.equal((await json(...args, "--units", "conv1:0-5")).run, first.run);
      await refused(
        /plan 6 units in 1 job .* there, 1 unit in 1 job .* asked; /,
        ...args,
        "--units",
        "conv2:0",
        "--run",
        first.run,
      );
    } finally {
      Deno.chdir(here);
    }
  }));

Deno.test("score-all names a unit that explodes and scores the others as without it; every command takes that unit", () =>
  inFolder(async (folder) => {
    const profile = ["--no-data", "--profile", await writeQuickProfile(folder)];
    const weights = join(folder, "exploding.safetensors");
    const { tensors } = decodeSafetensors(await Deno.readFile(weightsOf("lenet5-cifar10")), "LeNet-5");
    const name = "conv2.weight";
    const { shape, data } = tensors.get(name)!;
    const perChannel = data.length / shape[0];
    // channel 3 of 16 times 1e30, whose square is no float32
    tensors.set(name, { shape, data: data.map((w, i) => Math.floor(i / perChannel) === 3 ? 1e30 * w : w) });
    await Deno.writeFile(weights, encodeSafetensors(tensors));
    const exploding = [...profile, "--model-weights", weights];
    const run = join(folder, "exploding");
    const asked = ["score-all", "--units", "conv2:2-4", "--run", run, ...exploding];
    const result = await json(...asked);
    assertDocumented("score-all", result, ["files.report"]);
    assert.deepEqual(result.unscorable.map(({ unit }: { unit: string }) => unit), ["conv2:3"]);
    assert.deepEqual(result.jobs, { planned: 1, completed: 1 });
    assert.deepEqual([result.layers[0].units, result.layers[0].dead], [3, 0]);
    await json("score-all", "--units", "conv2:2-4", "--run", join(folder, "plain"), ...profile);
    {
      using one = readRun(run);
      using other = readRun(join(folder, "plain"));
      for (const unit of [2, 4]) {
        const [beside, alone] = [one, other].map((reader) => reader.unit("conv2", unit)!);
        if (COMPANY_KEEPS_BITS) assert.deepEqual(beside, alone);
        assert.deepEqual(beside.flags, alone.flags);
        assert.equal(beside.activations.length, alone.activations.length);
        beside.activations.forEach((value, i) => assert.ok(Math.abs(value - alone.activations[i]) < 1e-3));
      }
      assert.deepEqual(one.unit("conv2", 3)!.flags, ["exploded"]);
    }
    const again = await polysem(...asked);
    assert.match(again.err, /^note: conv2:3 has no score: it exploded: /m);

    assert.equal((await json("score-unit", "conv2:3", ...exploding, "--out", folder)).stopReason, "exploded");
    await refused(/conv2:3 explodes/, "visualize", "conv2:3", "--count", "2", "--out", folder, ...exploding);
    for (const command of [["report", run], ["figures", run], ["export", run], ["merge", run, "--into", `${run}2`]]) {
      const { code, err } = await polysem(...command, ...(command[0] === "report" ? ["--no-data"] : []));
      assert.equal(code, 0, `${command.join(" ")}: ${err}`);
    }
  }));

Deno.test("score-all tells what the parts of a run took, adds up over calls, and adds nothing where nothing is to do", () =>
  inFolder(async (folder) => {
    const settings = ["--no-data", "--profile", await writeQuickProfile(folder), "--run", join(folder, "run")];
    const asked = ["score-all", "--units", "fc3:0,fc3:1", ...settings];
    const first = (await json(...asked, "--no-report")).parts;
    assert.ok(first.start > 0 && first.ascent > 0 && first.embedding > 0);
    assert.deepEqual([first.dataset, first.report], [0, 0]);
    {
      const db = new DatabaseSync(join(folder, "run", "run.sqlite"), { enableForeignKeyConstraints: false });
      db.exec("DELETE FROM job_parts; DELETE FROM units; DELETE FROM jobs"); // as if it had been cut off before its job
      for (const table of ["images", "pixels", "distances", "embeddings", "scores", "clusters", "candidates"]) {
        db.exec(`DELETE FROM ${table}`);
      }
      db.close();
    }
    const { out, err } = await polysem(...asked, "--verbose");
    using run = readRun(join(folder, "run"));
    const second = run.partSeconds();
    assert.ok(second.start > first.start, "of both calls");
    assert.ok(second.report > 0);
    assert.doesNotMatch(out, /clustering/);
    const rows = [...err.matchAll(/^│ (\w+) +│ +([\d.]+) │ +([\d.]+) % │$/gm)];
    assert.deepEqual(rows.map(([, part]) => part), [...PARTS, "all"]);
    for (const [, part, seconds] of rows.slice(0, -1)) {
      assert.equal(seconds, second[part as keyof typeof second].toFixed(2), part);
    }
    assert.equal(rows.at(-1)![3], "100.0");
    assert.deepEqual((await json(...asked)).parts, second, "nothing was to do");
  }));

Deno.test("score-all names its run after the model, the profile, the seed and the shard", () =>
  inFolder(async (folder) => {
    const profile = await writeQuickProfile(folder);
    const here = Deno.cwd();
    Deno.chdir(folder);
    try {
      const args = ["score-all", "--no-data", "--profile", profile, "--units", "conv1:0", "--seed", "2"];
      assert.equal((await json(...args)).run, join("runs", "lenet5-cifar10-quick-seed2"));
      const shard = await json(...args, "--shard", "1/3");
      assert.equal(shard.run, join("runs", "lenet5-cifar10-quick-seed2-shard1of3"));
    } finally {
      Deno.chdir(here);
    }
  }));
