/** What validation says of pods, rule by rule: checked against a real API server's answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCauses, make, type Tree, update } from "./testing/causes.ts";

const pod = (spec: Tree = {}, container: Tree = {}): Tree => ({ spec: { containers: [{ name: "c", image: "i", ...container }], ...spec } });
const volume = (source: Tree): Tree => pod({ volumes: [{ name: "v", ...source }] });
const nodeTerm = (requirement: Tree): Tree =>
  pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [requirement] } } } });
const NODE_TERM = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]";
const NOT_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

const INVALID: [body: Tree, causes: string[]][] = [
  [volume({ emptyDir: {}, secret: { secretName: "s" } }), ["spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type"]],
  [volume({ hostPath: { path: "/a/../b" } }), ["spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"]],
  [
    volume({ nfs: { path: "x" } }),
    ["spec.volumes[0].nfs.server: Required value", 'spec.volumes[0].nfs.path: Invalid value: "x": must be an absolute path'],
  ],
  [
    volume({ projected: { sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 5 } }] } }),
    [
      "spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes",
    ],
  ],
  [
    volume({ downwardAPI: { items: [{ path: "..x", fieldRef: { fieldPath: "spec.nodeName" } }] } }),
    [
      "spec.volumes[0].downwardAPI.path: Invalid value: \"..x\": must not start with '..'",
      'spec.volumes[0].downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
    ],
  ],
  [pod({}, { volumeMounts: [{ name: "v", mountPath: "/v" }] }), ['spec.containers[0].volumeMounts[0].name: Not found: "v"']],
  [
    pod({ volumes: [{ name: "v", emptyDir: {} }] }, { volumeMounts: [{ name: "v", mountPath: "/v", subPath: "../x" }] }),
    ["spec.containers[0].volumeMounts.subPath: Invalid value: \"../x\": must not contain '..'"],
  ],
  [
    pod({}, { livenessProbe: { httpGet: { port: 0, httpHeaders: [{ name: "a b" }] } } }),
    [
      "spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive",
      "spec.containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: \"a b\": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
    ],
  ],
  [
    pod({}, { env: [{ name: "A", valueFrom: { resourceFieldRef: { resource: "limits.gpu" } } }] }),
    [
      'spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
    ],
  ],
  [pod({}, { restartPolicy: "Always" }), ["spec.containers[0].restartPolicy: Forbidden: may not be set for non-init containers"]],
  [
    pod({}, { securityContext: { runAsUser: -1, seccompProfile: { type: "Localhost" } } }),
    [
      "spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
      "spec.containers[0].securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost",
    ],
  ],
  [
    pod({
      securityContext: {
        sysctls: [
          { name: "a.b", value: "1" },
          { name: "a/b", value: "1" },
        ],
      },
    }),
    ['spec.securityContext.sysctls[1].name: Duplicate value: "a/b"'],
  ],
  [pod({ dnsPolicy: "None" }), ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"]],
  [pod({ dnsConfig: { nameservers: ["dns"] } }), [`spec.dnsConfig.nameservers[0]: Invalid value: "dns": ${NOT_IP}`]],
  [pod({ hostAliases: [{ ip: "x", hostnames: ["h"] }] }), [`spec.hostAliases[0].ip: Invalid value: "x": ${NOT_IP}`]],
  [
    nodeTerm({ matchExpressions: [{ key: "cores", operator: "Gt", values: ["1", "2"] }] }),
    [`${NODE_TERM}.matchExpressions[0].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`],
  ],
  [
    nodeTerm({ matchFields: [{ key: "spec.x", operator: "In", values: ["a"] }] }),
    [`${NODE_TERM}.matchFields[0].key: Invalid value: "spec.x": not a valid field selector key`],
  ],
  [
    pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: "z", whenUnsatisfiable: "Maybe" }] }),
    [
      "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Maybe": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ],
  ],
  [
    pod({ tolerations: [{ key: "k", operator: "Exists", effect: "Sometimes" }] }),
    ['spec.tolerations[0].effect: Unsupported value: "Sometimes": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"'],
  ],
  [pod({}, { image: " i" }), ['spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace']],
];

for (const [body, expected] of INVALID) test(`a pod: ${expected[0]}`, () => assert.deepEqual(createCauses("Pod", body), expected));

test("a pod whose containers are gone is told so", () => {
  const { causes } = update("Pod", pod(), (object) => delete object.spec.containers);
  assert.deepEqual(causes, ["spec.containers: Required value", "spec.containers: Forbidden: pod updates may not add or remove containers"]);
});

test("volumes get their sources' defaults", () => {
  const { spec } = make("Pod", volume({ rbd: { monitors: ["m"], image: "i" } })) as any;
  assert.deepEqual(spec.volumes[0].rbd, { monitors: ["m"], image: "i", pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" });
});

test("counts that clients take for granted are written", () => {
  const template = { metadata: { labels: { a: "b" } }, ...pod() };
  const body = { spec: { selector: { matchLabels: { a: "b" } }, template } };
  const { object } = update("DaemonSet", body, (set) => {
    set.spec.template.spec.containers[0].image = "j";
  });
  assert.deepEqual(object.status, { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 });
  assert.equal(object.metadata.annotations["deprecated.daemonset.template.generation"], "2");
});
