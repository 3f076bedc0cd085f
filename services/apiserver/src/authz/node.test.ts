import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../admission/testing/rig.ts";
import { parseRequestInfo } from "../request/request-info.ts";
import { attributesOf } from "./attributes.ts";
import { NodeAuthorizer } from "./node.ts";

const podOf = (name: string, nodeName: string, spec: object = {}, annotations: object = {}) => ({
  metadata: { name, namespace: "ns", annotations },
  spec: { nodeName, containers: [{ name: "c" }], serviceAccountName: `${name}-account`, ...spec },
});
const volume = (source: object) => ({ volumes: [{ name: "v", ...source }] });

const store = new MemoryStore()
  .seed(
    "pods",
    podOf("mine", "n1", {
      containers: [{ name: "c", env: [{ name: "A", valueFrom: { secretKeyRef: { name: "env-secret" } } }] }],
      imagePullSecrets: [{ name: "pull-secret" }],
      volumes: [
        { name: "a", projected: { sources: [{ secret: { name: "projected-secret" } }, { configMap: { name: "projected-map" } }] } },
        { name: "b", csi: { driver: "d", nodePublishSecretRef: { name: "csi-secret" } } },
        { name: "c", persistentVolumeClaim: { claimName: "claim" } },
        { name: "scratch", ephemeral: { volumeClaimTemplate: {} } },
      ],
    }),
    podOf("theirs", "n2", volume({ secret: { secretName: "their-secret" } })),
    podOf("mirror", "n1", volume({ secret: { secretName: "their-secret" } }), { "kubernetes.io/config.mirror": "x" }),
  )
  .seed(
    "persistentvolumes",
    {
      metadata: { name: "pv" },
      spec: { claimRef: { namespace: "ns", name: "claim" }, csi: { nodeStageSecretRef: { namespace: "sys", name: "stage" } } },
    },
    { metadata: { name: "other" }, spec: { claimRef: { namespace: "ns", name: "nobody" } } },
  )
  .seed(
    "volumeattachments",
    { metadata: { name: "va" }, spec: { nodeName: "n1" } },
    { metadata: { name: "vb" }, spec: { nodeName: "n2" } },
  );

const authorizer = new NodeAuthorizer(store as never);
const node = { name: "system:node:n1", groups: ["system:nodes", "system:authenticated"] };

/** "GET /path?query" as the node n1: "" when it may, else why not. */
function verdict(request: string, user = node): string {
  const [method, target] = request.split(" ") as [string, string];
  const { pathname, searchParams } = new URL(`https://x${target}`);
  const decision = authorizer.authorize(attributesOf(user, parseRequestInfo(method, pathname, searchParams), searchParams));
  return decision.allowed ? "" : decision.reason || "no opinion";
}

const NS = "/api/v1/namespaces/ns";
const UNRELATED = "no relationship found between node 'n1' and this object";
const SELECTOR = "can only list/watch pods with spec.nodeName field selector";
const TABLE: [string, string][] = [
  ["GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn1", ""],
  ["GET /api/v1/pods?fieldSelector=spec.nodeName%3D%3Dn1,status.phase!%3DFailed&watch=true", ""],
  ["GET /api/v1/pods", SELECTOR],
  ["GET /api/v1/pods?watch=1", SELECTOR],
  ["GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn2", SELECTOR],
  ["GET /api/v1/pods?fieldSelector=spec.nodeName!%3Dn1", SELECTOR],
  ["GET /api/v1/pods?fieldSelector=metadata.name%3Dmine", SELECTOR],
  ["GET /api/v1/pods?labelSelector=spec.nodeName%3Dn1", SELECTOR],
  [`GET ${NS}/pods?fieldSelector=spec.nodeName%3Dn1`, ""],
  [`GET ${NS}/pods/mine`, ""],
  [`GET ${NS}/pods/mirror`, ""],
  [`GET ${NS}/pods/theirs`, UNRELATED],
  [`GET ${NS}/pods/mine/log`, "no opinion"],
  [`POST ${NS}/pods`, ""],
  [`DELETE ${NS}/pods/theirs`, ""],
  [`DELETE ${NS}/pods?fieldSelector=spec.nodeName%3Dn1`, "no opinion"],
  [`PATCH ${NS}/pods/theirs/status`, ""],
  [`POST ${NS}/pods/theirs/eviction`, ""],
  ["GET /api/v1/nodes/n1", ""],
  ["GET /api/v1/nodes?fieldSelector=metadata.name%3Dn1&watch=1", ""],
  ["GET /api/v1/nodes", "node 'n1' cannot read all nodes, only its own Node object"],
  ["GET /api/v1/nodes/n2", "node 'n1' cannot read 'n2', only its own Node object"],
  ["GET /api/v1/nodes/n2/proxy", "no opinion"],
  ["DELETE /api/v1/nodes/n1", "no opinion"],
  ["PATCH /api/v1/nodes/n1/status", ""],
  ...["env-secret", "pull-secret", "projected-secret", "csi-secret"].map((name): [string, string] => [`GET ${NS}/secrets/${name}`, ""]),
  [`GET ${NS}/secrets?fieldSelector=metadata.name%3Denv-secret&watch=1`, ""],
  [`GET ${NS}/secrets`, "No Object name found"],
  ["GET /api/v1/secrets?fieldSelector=metadata.name%3Denv-secret", "can only read namespaced object of this type"],
  [`GET ${NS}/secrets/their-secret`, UNRELATED],
  [`GET ${NS}/configmaps/env-secret`, UNRELATED],
  [`GET ${NS}/configmaps/projected-map`, ""],
  [`PUT ${NS}/secrets/env-secret`, "can only read resources of this type"],
  ["GET /api/v1/namespaces/sys/secrets/stage", ""],
  [`GET ${NS}/persistentvolumeclaims/claim`, ""],
  [`GET ${NS}/persistentvolumeclaims/mine-scratch`, ""],
  [`GET ${NS}/persistentvolumeclaims/nobody`, UNRELATED],
  [`GET ${NS}/persistentvolumeclaims`, "can only get individual resources of this type"],
  ["GET /api/v1/persistentvolumes/pv", ""],
  ["GET /api/v1/persistentvolumes/other", UNRELATED],
  ["GET /apis/storage.k8s.io/v1/volumeattachments/va", ""],
  ["GET /apis/storage.k8s.io/v1/volumeattachments/vb", UNRELATED],
  [`POST ${NS}/serviceaccounts/mine-account/token`, ""],
  [`POST ${NS}/serviceaccounts/theirs-account/token`, UNRELATED],
  [`POST ${NS}/serviceaccounts`, "can only create tokens for individual service accounts"],
  ["GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1", ""],
  [
    "GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n2",
    "can only access node lease with the same name as the requesting node",
  ],
  [
    "GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases?fieldSelector=metadata.name%3Dn1&watch=1",
    "can only get, create, update, patch, or delete a node lease",
  ],
  ["GET /apis/coordination.k8s.io/v1/namespaces/ns/leases/n1", 'can only access leases in the "kube-node-lease" system namespace'],
  ["GET /apis/storage.k8s.io/v1/csinodes/n1", ""],
  ["GET /apis/storage.k8s.io/v1/csinodes", "can only get, create, update, patch, or delete a CSINode"],
  ["GET /api/v1/services", ""],
];

for (const [request, expected] of TABLE) test(`node n1: ${request}`, () => assert.equal(verdict(request), expected));

test("who is no node, or has no name, is not judged here", () => {
  assert.equal(verdict("GET /api/v1/nodes/n1", { name: "system:node:n1", groups: [] }), "no opinion");
  assert.equal(verdict("GET /api/v1/nodes/n1", { name: "system:node:", groups: ["system:nodes"] }), "no opinion");
});

test("a pod that moves on takes its node's rights along", () => {
  store.seed("pods", podOf("late", "n1", volume({ secret: { secretName: "late-secret" } })));
  assert.equal(verdict(`GET ${NS}/secrets/late-secret`), "");
  store.cache("pods").remove("/registry/pods/ns/late", 1_000);
  assert.equal(verdict(`GET ${NS}/secrets/late-secret`), UNRELATED);
});
