import assert from "node:assert/strict";
import { test } from "node:test";
import { createBuiltinRegistry, type KubeObject } from "@flotilla/api";
import { seededRandom } from "@flotilla/base";
import { alwaysAllow, alwaysDeny } from "../authz/authorizer.ts";
import type { AdmissionPlugin } from "./admission.ts";
import { limitPodHardAntiAffinityTopology } from "./optional.ts";
import { ownerReferencesPermission } from "./owner-references.ts";
import { type AdmissionPorts, chosenPlugins } from "./plugins.ts";
import { priority } from "./priority.ts";
import { runtimeClass } from "./runtime-class.ts";
import { serviceAccount } from "./service-account.ts";
import { admit, MemoryStore } from "./testing/rig.ts";

const ports = {
  store: new MemoryStore(),
  authorizer: alwaysAllow,
  definitions: createBuiltinRegistry(),
  tolerations: {},
} as unknown as AdmissionPorts;
const chosen = (enable: string[], disable: string[] = []) =>
  chosenPlugins(ports, enable, disable)
    .map(({ name }) => name)
    .filter((name) => name !== "RBACEscalation");

test("upstream's default plug-ins, in its order", () => {
  assert.deepEqual(chosen([]), [
    "NamespaceLifecycle",
    "LimitRanger",
    "ServiceAccount",
    "TaintNodesByCondition",
    "PodSecurity",
    "Priority",
    "DefaultTolerationSeconds",
    "DefaultStorageClass",
    "StorageObjectInUseProtection",
    "PersistentVolumeClaimResize",
    "RuntimeClass",
    "CertificateApproval",
    "CertificateSigning",
    "CertificateSubjectRestriction",
    "DefaultIngressClass",
    "MutatingAdmissionWebhook",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
    "ResourceQuota",
  ]);
  assert.ok(chosen(["NodeRestriction", "ClusterTrustBundleAttest"]).includes("NodeRestriction"));
  assert.ok(!chosen([], ["ServiceAccount", "PodNodeSelector"]).includes("ServiceAccount"));
});

test("a name that is none is refused when the server starts", () => {
  const wrong = (enable: string[], disable: string[], message: string) => assert.throws(() => chosen(enable, disable), { message });
  wrong(["PodPolicy"], [], 'enable-admission-plugins plugin "PodPolicy" is unknown');
  wrong(["RBACEscalation"], [], 'enable-admission-plugins plugin "RBACEscalation" is unknown');
  wrong(["A"], ["B"], '[enable-admission-plugins plugin "A" is unknown, disable-admission-plugins plugin "B" is unknown]');
  wrong(["LimitRanger"], ["LimitRanger"], "[LimitRanger] in enable-admission-plugins and disable-admission-plugins overlapped");
  wrong(["EventRateLimit"], [], 'enable-admission-plugins plugin "EventRateLimit" is not available');
});

const podOf = (spec: object, metadata: object = {}) => ({
  metadata: { name: "x", ...metadata },
  spec: { containers: [{ name: "c" }], ...spec },
});
const PODS = { resource: "pods" };

async function filled(plugin: AdmissionPlugin, spec: object): Promise<Record<string, any>> {
  const pod = podOf(spec);
  assert.equal(await admit(plugin, PODS, pod), "");
  return pod.spec;
}

test("priority: names that mean something to JavaScript name no class; the lowest default counts; a pod may not choose more", async () => {
  const store = new MemoryStore();
  const plugin = priority({ store });
  assert.match(await admit(plugin, PODS, podOf({ priorityClassName: "constructor" })), /no PriorityClass with name constructor was found/);
  const classOf = (name: string, value: number, more: object = {}) => ({ metadata: { name }, value, ...more });
  store.seed(
    "priorityclasses",
    classOf("high", 9, { globalDefault: true }),
    classOf("low", 3, { globalDefault: true, preemptionPolicy: "Never" }),
  );
  const { priorityClassName, priority: value, preemptionPolicy } = await filled(plugin, {});
  assert.deepEqual([priorityClassName, value, preemptionPolicy], ["low", 3, "Never"]);
  assert.match(
    await admit(plugin, PODS, podOf({ preemptionPolicy: "PreemptLowerPriority" })),
    /computed Never from the given PriorityClass name/,
  );
  const CLASSES = { resource: "priorityclasses", group: "scheduling.k8s.io" };
  assert.match(await admit(plugin, CLASSES, classOf("third", 1, { globalDefault: true })), /is already marked as default/);
  assert.equal(await admit(plugin, CLASSES, classOf("third", 1)), "");
});

test("a runtime class seen twice says the same as once", async () => {
  const store = new MemoryStore();
  const toleration = { key: "k", operator: "Exists" };
  const overhead = { podFixed: { cpu: "1" } };
  store.seed("runtimeclasses", { metadata: { name: "r" }, overhead, scheduling: { tolerations: [toleration] } });
  const plugin = runtimeClass({ store });
  const spec = await filled(plugin, { runtimeClassName: "r" });
  await admit(plugin, PODS, { metadata: { name: "x" }, spec });
  assert.deepEqual([spec["tolerations"], spec["overhead"]], [[toleration], { cpu: "1" }]);
  assert.match(await admit(plugin, PODS, podOf({ overhead: { cpu: "1" } })), /Pod Overhead set without corresponding RuntimeClass/);
  assert.match(await admit(plugin, PODS, podOf({ runtimeClassName: "r", overhead: { cpu: "2" } })), /Pod's Overhead doesn't match/);
});

test("a container that comes later gets the token's volume that is there; a mirror pod gets no secrets", async () => {
  const store = new MemoryStore().seed("serviceaccounts", { metadata: { name: "default", namespace: "ns" } });
  const plugin = serviceAccount({ store: store as never, random: seededRandom(1) });
  const spec = await filled(plugin, {});
  spec["containers"].push({ name: "late" });
  await admit(plugin, PODS, { metadata: { name: "x" }, spec });
  assert.equal(spec["volumes"].length, 1);
  assert.deepEqual(
    spec["containers"].map(({ volumeMounts }: any) => volumeMounts.map(({ name }: any) => name)),
    [[spec["volumes"][0].name], [spec["volumes"][0].name]],
  );
  const mirror = (volume: object) =>
    admit(plugin, PODS, podOf({ volumes: [{ name: "v", ...volume }] }, { annotations: { "kubernetes.io/config.mirror": "x" } }));
  assert.match(await mirror({ secret: { secretName: "s" } }), /a mirror pod may not reference secrets/);
  assert.match(
    await mirror({ projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }),
    /may not use service account token volume projections/,
  );
  assert.equal(await mirror({ emptyDir: {} }), "");
});

test("owners are named by those who could delete, and held back by those who may", async () => {
  const owner = (more: object = {}) => ({ apiVersion: "apps/v1", kind: "ReplicaSet", name: "r", uid: "1", ...more });
  const owned = (...ownerReferences: object[]) => ({ metadata: { name: "x", ownerReferences } }) as unknown as KubeObject;
  const denied = ownerReferencesPermission({ authorizer: alwaysDeny, definitions: createBuiltinRegistry() });
  const update = { ...PODS, operation: "UPDATE" as const };
  assert.match(
    await admit(denied, update, owned(owner()), owned()),
    /cannot set an ownerRef on a resource you can't delete: Everything is forbidden/,
  );
  assert.equal(await admit(denied, update, owned(owner()), owned(owner())), "");
  assert.equal(await admit(denied, PODS, owned(owner())), "");
  assert.match(await admit(denied, PODS, owned(owner({ blockOwnerDeletion: true }))), /refers to a resource you can't set finalizers on/);
  const allowed = ownerReferencesPermission({ authorizer: alwaysAllow, definitions: createBuiltinRegistry() });
  assert.equal(await admit(allowed, update, owned(owner({ blockOwnerDeletion: true })), owned()), "");
  assert.match(
    await admit(allowed, PODS, owned(owner({ kind: "Nothing", blockOwnerDeletion: true }))),
    /cannot find RESTMapping for APIVersion apps\/v1 Kind Nothing/,
  );
});

test("pods keep others away from their node at most", async () => {
  const away = (topologyKey: string) =>
    podOf({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: {} }] } } });
  const plugin = limitPodHardAntiAffinityTopology();
  assert.equal(await admit(plugin, PODS, away("kubernetes.io/hostname")), "");
  assert.match(await admit(plugin, PODS, away("zone")), /has TopologyKey zone but only key kubernetes.io\/hostname is allowed/);
});
