/**
 * The manifest for Kubernetes: an Indexed Job whose pods score a shard each, a Job that merges, and the volume that they share.
 *
 * Needs Kubernetes 1.29 or newer, for limits of repetition by index. Kubernetes starts no Job after another: the one that merges
 * is suspended until it is told to begin.
 *
 * @module
 */
import { basename, join } from "node:path/posix";
import { stringify } from "yaml";
import { fileName } from "../file_name.ts";
import { VERSION } from "../version.ts";
import { polysemCommand, quoted, ROOT } from "./own_command.ts";
import { type Submission, submissionPaths } from "./submission.ts";

/** Where the image has polysem; its `runs` is the shared volume. */
const HOME = "/polysem";

/** How often a pod of a shard that failed is started again. Preempted pods do not count. */
const REPETITIONS = 3;

/** What a pod has to keep what it has, and to end. */
const GRACE_SECONDS = 60;

/** Exit code for wrong input, which starting again does not mend. */
const WRONG_INPUT = 2;

/** A run's name as a name in Kubernetes: of small letters, digits and `-`, at most 40 (a Job may have 63). */
export function resourceName(run: string): string {
  const name = fileName(basename(run)).toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").slice(0, 40);
  return `polysem-${name}`.replaceAll(/-+$/g, "");
}

/** The run's folder in the image. */
function runInImage(run: string): string {
  return `runs/${fileName(basename(run))}`;
}

function podOf(submission: Submission, claim: string, resources: object, args: readonly string[], env: object[] = []) {
  const { environment, resources: { image = `polysem:${VERSION}` } } = submission;
  const variables = Object.entries(environment).filter(([name]) => /^(POLYSEM_BACKEND|TF_|ONEDNN_)/.test(name));
  return {
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: GRACE_SECONDS,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
      containers: [{
        name: "polysem",
        image,
        workingDir: HOME,
        command: polysemCommand(),
        args: [...args],
        env: [...variables.map(([name, value]) => ({ name, value })), ...env],
        resources,
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        volumeMounts: [{ name: "runs", mountPath: join(HOME, "runs") }],
      }],
      volumes: [{ name: "runs", persistentVolumeClaim: { claimName: claim } }],
    },
  };
}

/** What a container asks for: as much as it may have, so that it is not ended for what others take. */
function resourcesOf(cpus: number, mem: string, gpus?: number): object {
  const both = { cpu: String(cpus), memory: mem, ...(gpus === undefined ? {} : { "nvidia.com/gpu": String(gpus) }) };
  return { requests: both, limits: both };
}

/** The manifest's documents, as plain data. */
export function kubernetesDocuments(run: string, submission: Submission): object[] {
  const { shards, options, resources } = submission;
  const { cpus, mem = "4Gi", gpus, arrayLimit, claim, storage = "20Gi", namespace } = resources;
  const name = resourceName(run);
  const volume = claim ?? `${name}-runs`;
  const metadata = (suffix: string) => ({
    name: `${name}-${suffix}`,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { "app.kubernetes.io/name": "polysem", "app.kubernetes.io/instance": name },
  });
  const inImage = runInImage(run);
  const index = "$(JOB_COMPLETION_INDEX)"; // filled in by Kubernetes
  const workers = gpus !== undefined || options.includes("--workers") ? [] : ["--workers", String(cpus)];
  const escaped = options.map((option) => option.replaceAll("$(", () => "$$(")); // it would be filled in, too
  const shardJob = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: metadata("shards"),
    spec: {
      completionMode: "Indexed",
      completions: shards,
      parallelism: Math.min(shards, arrayLimit ?? shards),
      backoffLimitPerIndex: REPETITIONS,
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
          {
            action: "FailIndex",
            onExitCodes: { containerName: "polysem", operator: "In", values: [WRONG_INPUT] },
          },
        ],
      },
      template: podOf(submission, volume, resourcesOf(cpus, mem, gpus), [
        "score-all",
        "--run",
        `${inImage}/shards/${index}`,
        "--shard",
        `${index}/${shards}`,
        "--divide-dataset",
        ...escaped,
        ...workers,
      ]),
    },
  };
  const sources = Array.from({ length: shards }, (_, shard) => `${inImage}/shards/${shard}`);
  const mergeJob = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: metadata("merge"),
    spec: {
      suspend: true, // until all shards are done
      backoffLimit: REPETITIONS,
      template: podOf(submission, volume, resourcesOf(1, mem), ["merge", "--complete", ...sources, "--into", inImage]),
    },
  };
  const volumeClaim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: metadata("runs"),
    spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage } } },
  };
  return [...(claim === undefined ? [volumeClaim] : []), shardJob, mergeJob];
}

/** The manifest as one file. */
export function kubernetesManifest(run: string, submission: Submission): string {
  const head = "# Written by `polysem submit`, which writes it anew.\n";
  return head + kubernetesDocuments(run, submission)
    .map((each) => stringify(each, { aliasDuplicateObjects: false, lineWidth: 0 })).join("---\n");
}

/** The commands that make the image, score all shards, and merge. */
export function kubernetesCommands(run: string, { resources }: Submission): string[] {
  const { image = `polysem:${VERSION}`, namespace } = resources;
  const kubectl = namespace === undefined ? "kubectl" : `kubectl --namespace ${quoted(namespace)}`;
  const name = resourceName(run);
  return [
    `docker build --tag ${quoted(image)} ${quoted(ROOT)} && docker push ${quoted(image)}`,
    `kubectl apply -f ${quoted(submissionPaths(run).manifest)}`,
    `${kubectl} wait --for=condition=complete --timeout=-1s job/${name}-shards`,
    `${kubectl} patch job/${name}-merge --type=merge --patch '{"spec":{"suspend":false}}'`,
  ];
}
