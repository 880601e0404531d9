import assert from "node:assert/strict";
import { InputError } from "../../lib/errors.ts";
import { DEFAULT_PROFILE } from "../../lib/cli/options/profiles.ts";
import {
  CALIBRATED,
  CALIBRATED_1,
  CALIBRATED_2,
  CALIBRATED_NAME,
  loadProfile,
  PAPER,
  parseProfile,
} from "../../lib/pipeline/profile.ts";

function refusal(document: unknown): string {
  try {
    parseProfile(document, "mine.json");
  } catch (error) {
    assert.ok(error instanceof InputError);
    assert.ok(!error.message.includes("\n"), "one line");
    return error.message;
  }
  assert.fail("the profile was accepted");
}

Deno.test("the paper profile holds the numbers of the paper", () => {
  assert.equal(PAPER.visualize.start, "noise");
  assert.equal(PAPER.visualize.noiseScale, 0.3);
  assert.equal(PAPER.visualize.steps, 256);
  assert.equal(PAPER.visualize.learningRate, 0.05);
  assert.deepEqual(PAPER.elbow, { threshold: 0.02, patience: 1, minImages: 2, maxImages: 48 });
  assert.equal(PAPER.cluster.criterion, "pelleg-moore");
  assert.equal(PAPER.cluster.lambda, 1);
  assert.equal(PAPER.cluster.kMax, "I-1");
  assert.equal(PAPER.cluster.center || PAPER.cluster.normalize || PAPER.cluster.halfCap, false);
  // what is not in the text is off
  assert.equal(PAPER.visualize.startFade, 0);
  const { lpipsWeight, pooledWeight, minClusterSize } = PAPER.cluster;
  assert.deepEqual([lpipsWeight, pooledWeight, minClusterSize], [0, 0, 1]);
});

Deno.test("the calibrated profile holds the settings of the study", () => {
  assert.equal(CALIBRATED.visualize.start, "dataset");
  assert.equal(CALIBRATED.visualize.steps, 96); // the study had 48; docs/method.md has the curve that asks for more
  assert.deepEqual(CALIBRATED.elbow, { threshold: 0.005, patience: 3, minImages: 32, maxImages: 48 });
  const { criterion, kMax, halfCap, center, normalize } = CALIBRATED.cluster;
  assert.deepEqual({ criterion, kMax, halfCap, center, normalize }, {
    criterion: "sse-penalty",
    kMax: 10,
    halfCap: true,
    center: true,
    normalize: true,
  });
});

Deno.test("calibrated is the newest, calibrated-2, which adds repulsion alone to calibrated-1", async () => {
  for (const asked of ["calibrated-2", "calibrated"]) {
    assert.deepEqual(await loadProfile(asked), { name: "calibrated-2", profile: CALIBRATED_2 });
  }
  assert.equal(CALIBRATED, CALIBRATED_2);
  assert.equal(CALIBRATED_NAME, DEFAULT_PROFILE);
  assert.deepEqual(await loadProfile("calibrated-1"), { name: "calibrated-1", profile: CALIBRATED_1 });
  assert.equal(CALIBRATED_1.visualize.repulsion, 0);
  assert.equal(CALIBRATED_1.cluster.attributions.depth, 0);
  const { repulsion, ...visualize } = CALIBRATED_2.visualize;
  assert.ok(repulsion > 0);
  assert.deepEqual({ ...visualize, repulsion: 0 }, CALIBRATED_1.visualize);
  assert.deepEqual(CALIBRATED_2.cluster, CALIBRATED_1.cluster);
});

Deno.test("parseProfile() reads a whole profile from before there were repulsion and attributions as one without", () => {
  const old = structuredClone(CALIBRATED_1) as unknown as Record<string, Record<string, unknown>>;
  delete old.visualize.repulsion;
  delete old.visualize.repulsionShare;
  delete old.cluster.attributions;
  assert.deepEqual(parseProfile(old, "old.json"), CALIBRATED_1);
});

Deno.test("parseProfile() accepts both shipped profiles written out in full", () => {
  assert.deepEqual(parseProfile(JSON.parse(JSON.stringify(PAPER)), "paper.json"), PAPER);
  assert.deepEqual(parseProfile(JSON.parse(JSON.stringify(CALIBRATED)), "calibrated.json"), CALIBRATED);
});

Deno.test("parseProfile() changes only the fields given where the document extends a profile", () => {
  const profile = parseProfile({ extends: "calibrated", visualize: { activation: { postRelu: true } } }, "mine.json");
  const expected = structuredClone(CALIBRATED);
  expected.visualize.activation.postRelu = true;
  assert.deepEqual(profile, expected);
  assert.equal(CALIBRATED.visualize.activation.postRelu, false, "the constant is untouched");
});

Deno.test("parseProfile() names the field, its value and what is allowed", () => {
  assert.equal(
    refusal({ extends: "paper", elbow: { threshold: -0.1 } }),
    "profile mine.json: elbow.threshold is -0.1; allowed: a number from 0 to 1",
  );
  assert.equal(
    refusal({ extends: "paper", visualize: { steps: "many" } }),
    'profile mine.json: visualize.steps is "many"; allowed: an integer from 1 to 100000',
  );
  assert.equal(
    refusal({ extends: "paper", visualize: { activation: { reduce: "median" } } }),
    'profile mine.json: visualize.activation.reduce is "median"; allowed: one of "mean", "centre", "maximum", "class-token"',
  );
  assert.equal(
    refusal({ extends: "paper", cluster: { kMax: "all" } }),
    'profile mine.json: cluster.kMax is "all"; allowed: an integer from 1 to 1000, or "I-1"',
  );
  assert.match(refusal({ extends: "paper", cluster: { kMax: 0 } }), /cluster\.kMax is 0; allowed: an integer from 1/);
  assert.match(refusal({ extends: "paper", cluster: { center: 1 } }), /cluster\.center is 1; allowed: true or false$/);
  assert.match(refusal({ extends: "paper", elbow: { patience: 1.5 } }), /elbow\.patience is 1\.5; .* integer/);
  assert.match(
    refusal({ extends: "paper", elbow: null }),
    /elbow is null; allowed: an object with threshold, patience/,
  );
  assert.match(refusal({ extends: "paper", elbow: [2] }), /elbow is \[2\]; allowed: an object/);
});

for (
  const [section, field, wrong, allowed] of [
    ["visualize", "startFade", 1.5, "a number from 0 to 1"],
    ["visualize", "startFade", -0.1, "a number from 0 to 1"],
    ["visualize", "startFade", true, "a number from 0 to 1"],
    ["cluster", "lpipsWeight", -1, "a number from 0 to 1000"],
    ["cluster", "lpipsWeight", "much", "a number from 0 to 1000"],
    ["cluster", "pooledWeight", 1001, "a number from 0 to 1000"],
    ["cluster", "minClusterSize", 0, "an integer from 1 to 100"],
    ["cluster", "minClusterSize", 2.5, "an integer from 1 to 100"],
  ] as const
) {
  Deno.test(`parseProfile() refuses ${section}.${field} of ${JSON.stringify(wrong)} and says what is allowed`, () => {
    assert.equal(
      refusal({ extends: "calibrated", [section]: { [field]: wrong } }),
      `profile mine.json: ${section}.${field} is ${JSON.stringify(wrong)}; allowed: ${allowed}`,
    );
  });
}

Deno.test("parseProfile() takes the ends of what is allowed for fading, weights and small clusters", () => {
  for (const [startFade, weight, minClusterSize] of [[0, 0, 1], [1, 1000, 100]]) {
    const cluster = { lpipsWeight: weight, pooledWeight: weight, minClusterSize };
    const profile = parseProfile({ extends: "paper", visualize: { startFade }, cluster }, "mine.json");
    assert.equal(profile.visualize.startFade, startFade);
    assert.deepEqual(profile.cluster, { ...PAPER.cluster, ...cluster });
  }
});

Deno.test("parseProfile() tells of every wrong field in its one line", () => {
  const message = refusal({ extends: "paper", elbow: { threshold: 2, patience: 0 } });
  assert.match(message, /elbow\.threshold is 2; .*; elbow\.patience is 0; /);
});

Deno.test("parseProfile() refuses keys it does not know, at the top and inside", () => {
  assert.match(
    refusal({ extends: "paper", elbows: {} }),
    /elbows is not a field; the fields here are visualize, lpips/,
  );
  assert.match(
    refusal({ extends: "paper", visualize: { step: 3 } }),
    /visualize\.step is not a field; the fields here are parametrization, start, .*steps/,
  );
});

Deno.test("parseProfile() refuses a missing field where nothing is extended", () => {
  const { learningRate: _, ...visualize } = PAPER.visualize;
  assert.match(refusal({ ...PAPER, visualize }), /visualize\.learningRate is missing .*allowed: a number/);
  assert.match(refusal({ ...PAPER, lpips: undefined }), /lpips is missing/);
});

Deno.test("parseProfile() refuses more images at least than at most", () => {
  assert.match(
    refusal({ extends: "paper", elbow: { minImages: 50 } }),
    /elbow\.minImages is 50; allowed: at most .* 48/,
  );
});

Deno.test("parseProfile() refuses an unknown base and what is no object", () => {
  assert.match(
    refusal({ extends: "toString" }),
    /extends is "toString"; allowed: "calibrated-2", "calibrated-1", "paper", "calibrated"/,
  );
  assert.match(refusal([]), /not a JSON object/);
  assert.match(refusal(null), /not a JSON object/);
});

Deno.test("loadProfile() finds shipped profiles by name and others by file", async () => {
  assert.deepEqual(await loadProfile("paper"), { name: "paper", profile: PAPER });
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/short.json`;
    await Deno.writeTextFile(file, '{"extends": "calibrated", "elbow": {"minImages": 4, "maxImages": 8}}');
    const { name, profile } = await loadProfile(file);
    assert.equal(name, "short");
    assert.deepEqual(profile, { ...CALIBRATED, elbow: { ...CALIBRATED.elbow, minImages: 4, maxImages: 8 } });
    await Deno.writeTextFile(file, '{"extends": }');
    await assert.rejects(
      loadProfile(file),
      (error: Error) => error instanceof InputError && /not JSON/.test(error.message),
    );
    await assert.rejects(
      loadProfile(`${folder}/none.json`),
      /there is no such file; give calibrated-2 \(or calibrated, the newest\), calibrated-1, paper or a JSON file/,
    );
    await assert.rejects(loadProfile("papers"), InputError);
    await assert.rejects(loadProfile(folder), InputError);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
