/** What the validation of each kind says, in upstream's words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { beforeCreate, beforeDelete } from "../lifecycle.ts";
import { context, createCauses, defOf, make, type Tree, update } from "./testing/causes.ts";

const pod = (more: Tree = {}) => ({ metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }], ...more } });
const job = (spec: Tree) => ({ spec: { template: pod({ restartPolicy: "Never" }), ...spec } });
const cron = (spec: Tree) => ({ spec: { schedule: "@daily", jobTemplate: job({}), ...spec } });
const set = (spec: Tree = {}) => ({ spec: { serviceName: "s", selector: { matchLabels: { a: "b" } }, template: pod(), ...spec } });
const hpa = (spec: Tree) => ({ spec: { scaleTargetRef: { kind: "Deployment", name: "d" }, maxReplicas: 3, ...spec } });
const backend = { service: { name: "s", port: { number: 80 } } };
const ingress = (path: Tree) => ({ spec: { rules: [{ http: { paths: [{ path: "/", pathType: "Exact", backend, ...path }] } }] } });
const hook = (more: Tree) => ({
  webhooks: [{ name: "a.b.c", sideEffects: "None", admissionReviewVersions: ["v1"], clientConfig: { url: "https://h/p" }, ...more }],
});
const crd = (spec: Tree) => ({
  name: "as.b.c",
  spec: {
    group: "b.c",
    scope: "Cluster",
    names: { plural: "as", kind: "A" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
    ...spec,
  },
});

/** Kind, object, causes as "field: message". */
const INVALID: [string, Tree, string[]][] = [
  ["Job", { spec: { template: pod() } }, ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']],
  ["Job", job({ completionMode: "Indexed", parallelism: 1 }), ["spec.completions: Required value: when completion mode is Indexed"]],
  ["Job", job({ parallelism: -1 }), ["spec.parallelism: Invalid value: -1: must be greater than or equal to 0"]],
  [
    "Job",
    job({ podFailurePolicy: { rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [0, 3, 2] } }] } }),
    [
      "spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator",
      "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [0,3,2]: must be ordered",
    ],
  ],
  [
    "Job",
    job({ podFailurePolicy: { rules: [{ action: "Ignore" }] } }),
    ["spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required"],
  ],
  ["CronJob", cron({ schedule: "* * *" }), ['spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]']],
  ["CronJob", cron({ timeZone: "Mars/Base" }), ['spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base']],
  [
    "CronJob",
    cron({ concurrencyPolicy: "Odd" }),
    ['spec.concurrencyPolicy: Unsupported value: "Odd": supported values: "Allow", "Forbid", "Replace"'],
  ],
  [
    "StatefulSet",
    set({ podManagementPolicy: "Odd" }),
    ["spec.podManagementPolicy: Invalid value: \"Odd\": must be 'OrderedReady' or 'Parallel'"],
  ],
  ["ControllerRevision", { revision: 1 }, ["data: Required value: data is mandatory"]],
  [
    "HorizontalPodAutoscaler",
    hpa({ minReplicas: 5 }),
    ["spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"],
  ],
  ["Ingress", ingress({ path: "a" }), ['spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path']],
  ["Ingress", ingress({ pathType: undefined }), ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"]],
  [
    "NetworkPolicy",
    { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] } }, {}] }] } },
    [
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
      "spec.ingress[0].from[1]: Required value: must specify a peer",
    ],
  ],
  [
    "PersistentVolume",
    { spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"] } },
    ["spec: Required value: must specify a volume type"],
  ],
  [
    "PersistentVolumeClaim",
    { spec: { accessModes: [], resources: { requests: { storage: "0" } } } },
    [
      "spec.accessModes: Required value: at least 1 access mode is required",
      'spec.resources[storage]: Invalid value: "0": must be greater than zero',
    ],
  ],
  [
    "StorageClass",
    { provisioner: "p", reclaimPolicy: "Recycle" },
    ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"'],
  ],
  [
    "LimitRange",
    { spec: { limits: [{ type: "Container", min: { cpu: "2" }, max: { cpu: "1" } }] } },
    ['spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'].concat([
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
      'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
    ]),
  ],
  [
    "ResourceQuota",
    { spec: { hard: { odd: "1", pods: "1500m" } } },
    [
      'spec.hard[odd]: Invalid value: "odd": must be a standard resource for quota',
      'spec.hard[pods]: Invalid value: "1500m": must be an integer',
    ],
  ],
  [
    "PodDisruptionBudget",
    { spec: { minAvailable: 1, maxUnavailable: 1 } },
    ['spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set'],
  ],
  [
    "ValidatingWebhookConfiguration",
    hook({ name: "a" }),
    ['webhooks[0].name: Invalid value: "a": should be a domain with at least three segments separated by dots'],
  ],
  [
    "ValidatingWebhookConfiguration",
    hook({ clientConfig: {} }),
    ["webhooks[0].clientConfig: Required value: exactly one of url or service is required"],
  ],
  [
    "MutatingWebhookConfiguration",
    hook({ rules: [{ operations: ["*", "CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["*/*", "pods"] }] }),
    [
      'webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
      'webhooks[0].rules[0].resources: Invalid value: ["*/*","pods"]: if \'*/*\' is present, must not specify other resources',
    ],
  ],
  [
    "ValidatingAdmissionPolicyBinding",
    { spec: { policyName: "p", validationActions: [] } },
    ["spec.validationActions: Required value: at least one validation action is required"],
  ],
  [
    "CustomResourceDefinition",
    crd({ group: "c" }),
    [
      'metadata.name: Invalid value: "as.b.c": must be spec.names.plural+"."+spec.group',
      'spec.group: Invalid value: "c": should be a domain with at least one dot',
    ],
  ],
  [
    "APIService",
    { name: "v1.b.c", spec: { group: "b.c", version: "v1", groupPriorityMinimum: 0, versionPriority: 5 } },
    ["spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000"],
  ],
  [
    "PriorityLevelConfiguration",
    { spec: { type: "Limited", limited: { limitResponse: { type: "Queue", queuing: { queues: 4, handSize: 8 } } } } },
    ["spec.limited.limitResponse.queuing.handSize: Invalid value: 8: should not be greater than queues (4)"],
  ],
];

for (const [kind, body, expected] of INVALID) {
  test(`${kind}: ${expected[0]}`, () => assert.deepEqual(createCauses(kind, body), expected));
}

/** Kind, object, what a client changes, causes. */
const UPDATES: [string, Tree, (object: any) => void, string[]][] = [
  ["Job", job({}), (each) => void (each.spec.completions = 2), ["spec.completions: Invalid value: 2: field is immutable"]],
  [
    "Job",
    job({ completionMode: "Indexed", completions: 2, parallelism: 2 }),
    (each) => void (each.spec.completions = each.spec.parallelism = 3),
    [],
  ],
  ["Job", job({}), (each) => void (each.spec.parallelism = 7), []],
  ["Job", job({ suspend: true }), (each) => void (each.spec.template.spec.nodeSelector = { zone: "a" }), []],
  ["StatefulSet", set(), (each) => void (each.spec.replicas = 9), []],
  [
    "StatefulSet",
    set(),
    (each) => void (each.spec.serviceName = "other"),
    [
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ],
  ],
  [
    "StorageClass",
    { provisioner: "p" },
    (each) => void (each.provisioner = "q"),
    ["provisioner: Forbidden: updates to provisioner are forbidden."],
  ],
  ["CustomResourceDefinition", crd({}), (each) => void (each.spec.scope = "Namespaced"), []],
];

for (const [kind, body, change, expected] of UPDATES) {
  test(`update of a ${kind}: ${expected[0] ?? "allowed"}`, () => {
    assert.deepEqual(update(kind, body, change).causes, expected);
  });
}

test("a job gets labels and a selector of its own", () => {
  const made = make("Job", job({})) as any;
  beforeCreate(defOf("Job"), made, context);
  assert.deepEqual(made.spec.selector, { matchLabels: { "batch.kubernetes.io/controller-uid": "uid-1" } });
  assert.deepEqual(made.spec.template.metadata.labels, {
    a: "b",
    "job-name": "x",
    "controller-uid": "uid-1",
    "batch.kubernetes.io/job-name": "x",
    "batch.kubernetes.io/controller-uid": "uid-1",
  });
});

test("a job deleted without a word about its pods leaves them behind", () => {
  const finalizers = (options: object) => {
    const decision = beforeDelete(defOf("Job"), make("Job", job({})), options, context);
    return decision.action === "none" ? undefined : decision.object.metadata.finalizers;
  };
  assert.deepEqual(finalizers({}), ["orphan"]);
  assert.equal(finalizers({ propagationPolicy: "Background" }), undefined);
});

test("containers of a stateful set mount its claims by their names", () => {
  const container = { name: "c", image: "i", volumeMounts: [{ name: "data", mountPath: "/data" }] };
  const template = { metadata: { labels: { a: "b" } }, spec: { containers: [container] } };
  const create = (spec: Tree) => beforeCreate(defOf("StatefulSet"), make("StatefulSet", set({ template, ...spec })), context);
  const claim = { metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } };
  assert.deepEqual(create({ volumeClaimTemplates: [claim] }), []);
  assert.throws(() => create({}), { message: /spec\.template\.spec\.containers\[0\]\.volumeMounts\[0\]\.name: Not found: "data"$/ });
});
