import assert from "node:assert/strict";
import { Ajv2020, type AnySchema } from "ajv/dist/2020.js";
import { parseAllDocuments } from "yaml";
import schema from "../../fixtures/kubernetes/schema.json" with { type: "json" };
import { kubernetesCommands, kubernetesManifest, type Submission } from "../../lib/machines/mod.ts";
import { SUBMISSION } from "./submissions.ts";

// formats are those of numbers, and of dates that no manifest has
const ajv = new Ajv2020({ strict: false, validateFormats: false });

interface Manifest {
  readonly kind: "Job" | "PersistentVolumeClaim";
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

const validators = new Map(
  Object.entries(schema.kinds).map((
    [kind, each],
  ) => [kind, ajv.compile({ ...each, $defs: schema.$defs } as AnySchema)]),
);

/** What the published schema has against a document. */
function objections(document: Manifest): string[] {
  const validate = validators.get(document.kind)!;
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}

function documentsOf(run: string, submission: Submission): Manifest[] {
  return parseAllDocuments(kubernetesManifest(run, submission)).map((each) => {
    assert.deepEqual(each.errors, []);
    return each.toJS();
  });
}

const KUBERNETES: Submission = {
  ...SUBMISSION,
  engine: "kubernetes",
  options: ["--layers", "conv1,fc1", "--data", "$(HOME)/photos"],
  environment: { ONEDNN_MAX_CPU_ISA: "AVX2", LD_LIBRARY_PATH: "/here/alone" },
};

Deno.test("the manifest is one by the published schema, which objects to what it does not know", () => {
  for (
    const resources of [
      { cpus: 2 },
      {
        cpus: 8,
        mem: "16Gi",
        gpus: 1,
        arrayLimit: 2,
        claim: "shared",
        image: "registry.example/polysem:1",
        namespace: "lab",
      },
    ]
  ) {
    const documents = documentsOf("/anywhere/My Run_1", { ...KUBERNETES, resources });
    assert.deepEqual(documents.map(({ kind }) => kind), [
      ...("claim" in resources ? [] : ["PersistentVolumeClaim"]),
      "Job",
      "Job",
    ]);
    for (const document of documents) assert.deepEqual(objections(document), [], document.metadata.name);
    for (const { metadata: { name } } of documents) assert.match(name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/); // RFC 1123
  }
  const [, job] = documentsOf("/r", KUBERNETES);
  assert.match(objections({ ...job, spec: { ...job.spec, completion: 3 } })[0], /^\/spec: must NOT have additional/);
  assert.match(objections({ ...job, spec: { ...job.spec, completions: "3" } })[0], /^\/spec\/completions: must be/);
  const { template: _, ...without } = job.spec;
  assert.match(objections({ ...job, spec: without })[0], /^\/spec: must have required property 'template'/);
});

Deno.test("each pod scores the shard of its index, and the merge waits for all", () => {
  const [volume, shards, merge] = documentsOf("/anywhere/demo", {
    ...KUBERNETES,
    resources: { cpus: 2, arrayLimit: 2 },
  });
  const podOf = ({ spec }: Manifest) => (spec.template as { spec: Record<string, unknown> }).spec;
  const containerOf = (job: Manifest) => (podOf(job).containers as Record<string, unknown>[])[0];
  const { spec } = shards;
  assert.deepEqual([spec.completionMode, spec.completions, spec.parallelism], ["Indexed", 3, 2]);
  const args = containerOf(shards).args as string[];
  assert.equal(
    args.join(" "),
    "score-all --run runs/demo/shards/$(JOB_COMPLETION_INDEX) --shard $(JOB_COMPLETION_INDEX)/3 --divide-dataset " +
      "--layers conv1,fc1 --data $$(HOME)/photos --workers 2",
  );
  const command = containerOf(shards).command as string[];
  assert.deepEqual([command[0], command.at(-1)], ["deno", "lib/cli/main.ts"]);
  assert.ok(command.includes("--deny-net") && !command.some((word) => word.startsWith("--allow-run")));
  assert.deepEqual(containerOf(shards).resources, {
    requests: { cpu: "2", memory: "4Gi" },
    limits: { cpu: "2", memory: "4Gi" },
  });
  assert.deepEqual(containerOf(shards).env, [{ name: "ONEDNN_MAX_CPU_ISA", value: "AVX2" }]);
  assert.equal(merge.spec.suspend, true);
  assert.equal(
    (containerOf(merge).args as string[]).join(" "),
    "merge --complete runs/demo/shards/0 runs/demo/shards/1 runs/demo/shards/2 --into runs/demo",
  );
  for (const job of [shards, merge]) {
    assert.deepEqual(podOf(job).volumes, [{
      name: "runs",
      persistentVolumeClaim: { claimName: volume.metadata.name },
    }]);
    assert.equal(podOf(job).restartPolicy, "Never", "which limits by index ask for");
  }
  const commands = kubernetesCommands("/anywhere/demo", KUBERNETES);
  assert.ok(
    commands.some((each) =>
      each.includes(`job/${shards.metadata.name} `) || each.endsWith(`job/${shards.metadata.name}`)
    ),
  );
  assert.ok(commands.at(-1)!.includes(`job/${merge.metadata.name} `));
});
