import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeRestriction } from "./node-restriction.ts";
import { admit, MemoryStore, type What } from "./testing/rig.ts";

const store = new MemoryStore()
  .seed("nodes", { metadata: { name: "w1", uid: "node-1" } })
  .seed(
    "pods",
    { metadata: { name: "mine", namespace: "ns", uid: "u1" }, spec: { nodeName: "w1" } },
    { metadata: { name: "theirs", namespace: "ns", uid: "u2" }, spec: { nodeName: "w2" } },
  );
const plugin = nodeRestriction({ store });
const user = { name: "system:node:w1", groups: ["system:nodes", "system:authenticated"] };

function check(name: string, what: What, object: object | undefined, old: object | undefined, expected: string | RegExp): void {
  test(name, async () => {
    const answer = await admit(plugin, { user, ...what }, object, old);
    if (typeof expected === "string") assert.equal(answer, expected);
    else assert.match(answer, expected);
  });
}

const pod = (nodeName: string, more: object = {}, spec: object = {}) => ({
  metadata: { name: "x", namespace: "ns", annotations: { "kubernetes.io/config.mirror": "h" }, ...more },
  spec: { nodeName, containers: [{ name: "c" }], ...spec },
});
const PODS: What = { resource: "pods" };
const owned = (uid: string) => ({ ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "w1", uid, controller: true }] });

check("its own mirror pod", PODS, pod("w1", owned("node-1")), undefined, "");
check(
  "… of a node that it is not",
  PODS,
  pod("w1", owned("node-9")),
  undefined,
  /can only create pods with an owner reference set to itself/,
);
check("a pod for another node", PODS, pod("w2"), undefined, /can only create pods with spec.nodeName set to itself/);
check("a pod that is no mirror", PODS, pod("w1", { annotations: {} }), undefined, /can only create mirror pods/);
check("a mirror pod with a secret", PODS, pod("w1", {}, { volumes: [{ name: "v", secret: {} }] }), undefined, /that reference secrets/);
check("a mirror pod with an account", PODS, pod("w1", {}, { serviceAccountName: "a" }), undefined, /that reference a service account/);
check("status of its pod", { ...PODS, operation: "UPDATE", subresource: "status" }, pod("w1"), pod("w1"), "");
check("status of another's", { ...PODS, operation: "UPDATE", subresource: "status" }, pod("w2"), pod("w2"), /spec.nodeName set to itself/);
check("the spec of its pod", { ...PODS, operation: "UPDATE" }, pod("w1"), pod("w1"), /can only create and delete mirror pods/);
check("deletes its own", { ...PODS, operation: "DELETE" }, undefined, pod("w1"), "");
check("deletes another's", { ...PODS, operation: "DELETE" }, undefined, pod("w2"), /can only delete pods/);
check("evicts another's", { ...PODS, subresource: "eviction", name: "theirs" }, { metadata: {} }, undefined, /can only evict pods/);
check("evicts its own", { ...PODS, subresource: "eviction", name: "mine" }, { metadata: {} }, undefined, "");

const node = (labels: Record<string, string>, taints?: object[]) => ({
  metadata: { name: "w1", labels },
  spec: { ...(taints && { taints }) },
});
const NODES: What = { resource: "nodes", name: "w1" };
check(
  "registers",
  NODES,
  node({ "kubernetes.io/os": "linux", "node-role.kubernetes.io/worker": "", mine: "1" }, [{ key: "a", effect: "NoSchedule" }]),
  undefined,
  "",
);
check(
  "registers with what it may not",
  NODES,
  node({ "node-restriction.kubernetes.io/zone": "a", "x.k8s.io/y": "1" }),
  undefined,
  'nodes "w1" is forbidden: node "w1" is not allowed to set the following labels: node-restriction.kubernetes.io/zone, x.k8s.io/y',
);
check(
  "another node",
  { ...NODES, name: "w2" },
  node({}),
  undefined,
  'nodes "w2" is forbidden: node "w1" is not allowed to modify node "w2"',
);
check(
  "a new role",
  { ...NODES, operation: "UPDATE" },
  node({ "node-role.kubernetes.io/control-plane": "" }),
  node({}),
  /not allowed to modify labels: node-role.kubernetes.io\/control-plane/,
);
check(
  "its owners",
  { ...NODES, operation: "UPDATE" },
  { ...node({}), metadata: { ...node({}).metadata, ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "gone", uid: "1" }] } },
  node({}),
  /not allowed to modify ownerReferences/,
);
check("its taints", { ...NODES, operation: "UPDATE" }, node({}), node({}, [{ key: "a" }]), /not allowed to modify taints/);
check("itself away", { ...NODES, operation: "DELETE" }, undefined, node({}), /not allowed to delete nodes/);

const token = (name: string, uid: string) => ({ metadata: {}, spec: { boundObjectRef: { kind: "Pod", apiVersion: "v1", name, uid } } });
const TOKEN: What = { resource: "serviceaccounts", subresource: "token" };
check("a token of its pod", TOKEN, token("mine", "u1"), undefined, "");
check("a token of another's", TOKEN, token("theirs", "u2"), undefined, /bound to a pod scheduled on a different node/);
check("a token of a pod that was", TOKEN, token("mine", "u0"), undefined, /does not match the UID in record/);
check("a token for ever", TOKEN, { metadata: {}, spec: {} }, undefined, /node requested token not bound to a pod/);

const LEASES: What = { group: "coordination.k8s.io", resource: "leases", namespace: "kube-node-lease" };
check("its lease", { ...LEASES, name: "w1" }, { metadata: {} }, undefined, "");
check("another's lease", { ...LEASES, name: "w2" }, { metadata: {} }, undefined, /same name as the requesting node/);
check("anybody else", { resource: "nodes", name: "w2", user: { name: "jane", groups: [] } }, node({}), undefined, "");
