import assert from "node:assert/strict";
import { join } from "node:path";
import { MODELS_DIRECTORY } from "../../../lib/weights/registry.ts";
import { inFolder } from "../../in_folder.ts";
import { refused } from "../refused.ts";

Deno.test("train refuses models it cannot train, options out of range and a dataset that is not there", () =>
  inFolder(async (folder) => {
    await refused(
      /there is no model "alexnet" to train; choose lenet5-cifar10 or resnet18-cifar10 or vit-cifar10 or gan-cifar10$/,
      "train",
      "alexnet",
    );
    await refused(/there is no model "constructor" to train/, "train", "constructor");
    await refused(/missing required argument 'model'/, "train");
    await refused(
      /'--epochs <n>' argument '0' is invalid\. Give an integer from 1\./,
      "train",
      "lenet5-cifar10",
      "--epochs=0",
    );
    await refused(/'--seed <n>' .* is invalid/, "train", "lenet5-cifar10", "--seed=-1");
    await refused(/unknown option '--no-data'/, "train", "lenet5-cifar10", "--no-data"); // it cannot do without
    for (const out of [[], ["--out", MODELS_DIRECTORY], ["--out", join(MODELS_DIRECTORY, "..", "models")]]) {
      await refused(
        /shuffled labels must not take the place of a trained one in models\/; give another folder with --out$/,
        "train",
        "lenet5-cifar10",
        "--shuffle-labels",
        ...out,
      );
    }
    await refused(/--epochs is not for gan-cifar10; leave it out/, "train", "gan-cifar10", "--epochs", "2");
    await refused(/--shuffle-labels is not for gan-cifar10/, "train", "gan-cifar10", "--shuffle-labels");
    for (const option of [["--steps", "5"], ["--minutes", "1"], ["--loss", "clip"]]) {
      await refused(new RegExp(`${option[0]} is not for lenet5-cifar10`), "train", "lenet5-cifar10", ...option);
    }
    await refused(/'--loss <name>' argument 'hinge' is invalid/, "train", "gan-cifar10", "--loss", "hinge");
    await refused(/'--steps <n>' argument '0' is invalid/, "train", "gan-cifar10", "--steps", "0");
    await refused(/data_batch_1\.bin is missing; run .*deno task setup/, "train", "lenet5-cifar10", "--data", folder);
  }));

Deno.test("train refuses an engine that cannot train", async () => {
  const program = join(import.meta.dirname!, "..", "..", "..", "lib", "cli", "main.ts");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-env", "--allow-sys", "--deny-net", program, "train", "lenet5-cifar10"],
    env: { POLYSEM_BACKEND: "cpu" },
  }).output();
  const err = new TextDecoder().decode(stderr);
  assert.equal(code, 2, err);
  assert.match(err, /^error: training needs the native engine, and this is cpu; see `deno task polysem doctor`\n$/);
  assert.equal(stdout.length, 0);
});
