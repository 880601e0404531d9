import assert from "node:assert/strict";
import { join } from "node:path";
import { useBackend } from "../../lib/engine/mod.ts";
import { InputError } from "../../lib/errors.ts";
import type { PixelSet } from "../../lib/data/mod.ts";
import { taughtClasses, type TaughtPlan } from "../../lib/training/mod.ts";
import {
  chooseTaughtNetworks,
  listTaughtNetworks,
  loadTaughtNetwork,
  parseTaughtPlans,
  TAUGHT_DIRECTORY,
  trainTaughtNetworks,
} from "../../lib/validate/trained/mod.ts";
import { ACCURACY_FLOORS } from "../../lib/validate/trained/truth.ts";
import { sha256OfFile } from "../../lib/weights/mod.ts";
import { sharedRef } from "../data/made_up_dataset.ts";
import { inFolder } from "../in_folder.ts";
import { madeUp } from "../lpips/made_up.ts";
import { recordUntrained } from "./made_up_taught.ts";

const BACKEND = await useBackend();

async function refused(work: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}

Deno.test("recordTaughtNetwork() keeps a list in the order of names, one entry a name; loadTaughtNetwork() reads it back", () =>
  inFolder(async (root) => {
    const folder = join(root, "deep", "networks");
    assert.deepEqual(await listTaughtNetworks(folder), []);
    const second = await recordUntrained(folder, 2);
    const first = await recordUntrained(folder, 1);
    assert.deepEqual(await recordUntrained(folder, 2), second);
    assert.deepEqual(await listTaughtNetworks(folder), [first, second]);
    assert.equal(first.name, "lenet5-labels-1");
    assert.equal(first.sha256, await sha256OfFile(join(folder, first.file)));
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "lenet5-labels-1.safetensors",
      "lenet5-labels-2.safetensors",
      "networks.json",
    ]);
    const { network, layer, entry } = await loadTaughtNetwork(folder, first);
    assert.deepEqual([network.name, layer, entry.classes.length], ["lenet5-labels-1", "fc3", 6]);
    network.dispose();
    assert.deepEqual(await chooseTaughtNetworks(folder), [first, second]);
    assert.deepEqual(await chooseTaughtNetworks(folder, ["lenet5-labels-2"]), [second]);
    await refused(
      chooseTaughtNetworks(folder, ["vgg-sets-1"]),
      /no taught network "vgg-sets-1".*choose from lenet5-labels-1, lenet5-labels-2$/,
    );
  }));

Deno.test("a folder without networks, a list that is none and a file that is missing or another are refused in a line", () =>
  inFolder(async (folder) => {
    await refused(chooseTaughtNetworks(folder), /no taught networks in .*; train some with --train .*or.*--networks/);
    const entry = await recordUntrained(folder, 1);
    const list = join(folder, "networks.json");
    const rejected = async (change: Record<string, unknown>, message: RegExp) => {
      await Deno.writeTextFile(list, JSON.stringify({ networks: [{ ...entry, ...change }] }));
      await refused(chooseTaughtNetworks(folder), message);
    };
    await rejected({ architecture: "alexnet" }, /networks\.json is not a list of taught networks: networks\.0\.archit/);
    await rejected(
      { file: "../elsewhere.safetensors" },
      /file: must be the name of a \.safetensors file in the folder/,
    );
    await rejected({ sha256: "abc" }, /64 hexadecimal digits/);
    await rejected({ classes: [[0, 0], [1]] }, /each class once/);
    await rejected({ classes: [[0], [10]] }, /classes/);
    await rejected({ classes: [[0], [1, 2]] }, /merged labels must have each of the ten classes once/);
    await rejected({ test_accuracy: 2 }, /test_accuracy/);
    await Deno.writeTextFile(list, JSON.stringify({ networks: [entry, entry] }));
    await refused(chooseTaughtNetworks(folder), /must have each name once/);
    await Deno.writeTextFile(list, "{");
    await refused(chooseTaughtNetworks(folder), /is not a list of taught networks/);

    const path = join(folder, entry.file);
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await Deno.writeFile(path, bytes);
    await refused(
      loadTaughtNetwork(folder, entry),
      /is not the file that networks\.json tells of.*train it anew: a test$/,
    );
    await Deno.remove(path);
    await refused(loadTaughtNetwork(folder, entry), /lenet5-labels-1\.safetensors is not there; check out/);
  }));

Deno.test("parseTaughtPlans() gives each network with each seed, and refuses what cannot be taught before any work", () => {
  const plans = parseTaughtPlans("resnet-sets, lenet5-labels", [3, 4]);
  assert.deepEqual(plans.map(({ architecture, kind, seed }) => `${architecture} ${kind} ${seed}`), [
    "resnet sets 3",
    "resnet sets 4",
    "lenet5 labels 3",
    "lenet5 labels 4",
  ]);
  const wrong = (text: string, message: RegExp) => {
    assert.throws(() => parseTaughtPlans(text, [1]), (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      return true;
    });
  };
  wrong("lenet5-sets", /lenet5 has no layer that could be taught sets of classes; teach it merged labels/);
  wrong(
    "alexnet-sets",
    /no taught network "alexnet-sets" to train; write an architecture \(lenet5, resnet, vgg, vit\)/,
  );
  wrong("resnet", /no taught network "resnet"/);
  wrong("resnet-classes", /no taught network "resnet-classes"/);
  wrong("", /no taught network ""/);
  wrong("vgg-sets,vgg-sets", /vgg-sets-1 would be trained twice/);
});

/** Images of noise whose brightness tells the label. */
function labelled(stream: number, count: number): PixelSet {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const pixels = Uint8Array.from(madeUp(stream, count * 3072), (u, i) => 20 * labels[Math.floor(i / 3072)] + 60 * u);
  return { count, height: 32, width: 32, pixels, labels };
}

Deno.test("trainTaughtNetworks() trains what a folder lacks, the same whatever else is trained, and nothing twice", () =>
  inFolder(async (root) => {
    const dataset = sharedRef(labelled(710, 130), labelled(711, 20)); // a batch of 128 an epoch
    const plans: TaughtPlan[] = [1, 2].map((seed) => ({ architecture: "lenet5", kind: "labels", seed }));
    const train = async (folder: string, some: readonly TaughtPlan[]) => {
      const done: string[] = [];
      const shares: number[] = [];
      const entries = await trainTaughtNetworks(join(root, folder), some, BACKEND, dataset, {
        checkpoints: join(root, folder, "checkpoints"),
        commandOf: ({ seed }) => `train ${seed}`,
        workers: 1,
        onProgress: (share) => shares.push(share),
        onNetwork: ({ name }, history) => {
          done.push(name);
          assert.equal(history.length, 12);
        },
      });
      return { done, shares, entries };
    };
    const { done, shares } = await train("both", plans);
    assert.deepEqual(done, ["lenet5-labels-1", "lenet5-labels-2"]);
    assert.equal(shares.at(-1), 1);
    const list = await listTaughtNetworks(join(root, "both"));
    assert.deepEqual(list.map(({ name, command, parameters }) => [name, command, parameters]), [
      ["lenet5-labels-1", "train 1", 62_006],
      ["lenet5-labels-2", "train 2", 62_006],
    ]);
    assert.deepEqual(list[0].classes, taughtClasses(plans[0]));
    assert.ok(list.every(({ test_accuracy }) => test_accuracy > 0 && test_accuracy <= 1));
    assert.deepEqual((await train("second", plans.slice(1))).entries, list.slice(1));
    assert.deepEqual((await train("both", plans)).entries, []); // all there
    (await loadTaughtNetwork(join(root, "both"), list[1])).network.dispose();
  }));

Deno.test("the networks that polysem comes with are intact, taught what their seeds say, and in their card", async () => {
  const card = await Deno.readTextFile(join(TAUGHT_DIRECTORY, "card.md"));
  const entries = await listTaughtNetworks(TAUGHT_DIRECTORY);
  assert.ok(entries.length > 0);
  for (const entry of entries) {
    const { name, classes, test_accuracy, parameters, architecture, kind, seed } = entry;
    assert.deepEqual(classes, taughtClasses({ architecture, kind, seed }));
    assert.ok(test_accuracy >= ACCURACY_FLOORS[architecture], `${name}: ${test_accuracy}`);
    const { network, layer } = await loadTaughtNetwork(TAUGHT_DIRECTORY, entry); // refuses a file of another size or sha256
    assert.ok(network.layers.find((each) => each.name === layer)!.units >= classes.length); // its first units
    network.dispose();
    const line = card.split("\n").find((each) => each.includes(`| ${name} `))!;
    const numbers = [
      `${(100 * test_accuracy).toFixed(2)} %`,
      parameters.toLocaleString("en"),
      entry.bytes.toLocaleString("en"),
    ];
    for (const text of [...numbers, classes.map((set) => set.join(" ")).join(" / ")]) {
      assert.ok(line.includes(`| ${text} `), `${name}: ${text}`);
    }
  }
});
