import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { useBackend } from "../../lib/engine/mod.ts";
import { inFolder } from "../in_folder.ts";
import { agreementOf, type Part, type PartResult } from "./card/results.ts";

const { backend, device } = await useBackend();
const ignore = backend !== "native" || device !== "cpu";

Deno.test("agreementOf() is how far two parts are apart, unit by unit", () => {
  const part = (title: string, sha256: string, scores: PartResult["scores"]): Part => ({
    title,
    problem: null,
    result: { sha256, scores } as PartResult,
  });
  const a = part("a", "1", [
    { unit: "conv1:0", K: 1, S: 0, meanAngle: 0.25, distances: [0.5, 0.25] },
    { unit: "fc1:0", K: 2, S: 0.5, meanAngle: 0.5, distances: [0.5] },
    { unit: "fc1:1", K: null, S: null, meanAngle: null, distances: [] },
  ]);
  const b = part("b", "2", [
    { unit: "fc1:1", K: null, S: null, meanAngle: null, distances: [] },
    { unit: "fc1:0", K: 3, S: 0.75, meanAngle: 0.375, distances: [0.5, 9] },
    { unit: "conv1:0", K: 1, S: 0.125, meanAngle: 0.25, distances: [0.5, 0.75] },
  ]);
  assert.deepEqual(agreementOf(a, b), {
    a: "a",
    b: "b",
    equalBits: false,
    units: 3,
    equalK: 2,
    farthestS: 0.25,
    farthestAngle: 0.125,
    farthestDistance: 0.5,
  });
  assert.equal(agreementOf(a, a)!.equalBits, true);
  assert.equal(agreementOf(a, { title: "c", result: null, problem: "no time" }), null);
});

Deno.test({
  name: "the bench of a card says that there is none, and compares 1 and 2 workers of the processor" +
    (ignore ? " (skipped: it needs the native engine on a processor)" : ""),
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-check", "-A", fileURLToPath(new URL("./card/run.ts", import.meta.url))],
          ...["--dry", "--out", folder],
        ],
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      const report = JSON.parse(await Deno.readTextFile(join(folder, "card.json")));
      assert.equal(report.hasCard, false);
      const [one, two] = report.parts as Part[];
      assert.deepEqual([one.problem, two.problem], [null, null]);
      assert.deepEqual([one.result!.units, one.result!.workers, two.result!.workers], [4, 1, 2]);
      assert.deepEqual(one.result!.steps.map(({ images }) => images), [2, 4]);
      assert.ok(one.result!.steps.every(({ seconds }) => seconds > 0));
      assert.equal(report.agreements[0].equalBits, true);
      assert.equal(report.agreements[0].equalK, 4);
      const summary = await Deno.readTextFile(join(folder, "card.md"));
      assert.equal(new TextDecoder().decode(stdout).trim(), summary.trim());
      assert.match(summary, /There is no card that the engine computes on.*nothing of a card was tried/);
      assert.match(summary, /times mean nothing/);
      assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["card.json", "card.md"]);
    }),
});
