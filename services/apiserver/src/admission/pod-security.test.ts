import assert from "node:assert/strict";
import { test } from "node:test";
import { podSecurity } from "./pod-security.ts";
import { admit, MemoryStore } from "./testing/rig.ts";

const labels = (modes: Record<string, string>) =>
  Object.fromEntries(Object.entries(modes).map(([mode, level]) => [`pod-security.kubernetes.io/${mode}`, level]));
const namespace = (modes: Record<string, string>) => ({ metadata: { name: "ns", labels: labels(modes) } });
const pluginFor = (modes: Record<string, string>) => podSecurity({ store: new MemoryStore().seed("namespaces", namespace(modes)) });

const SAFE = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};
const container = (securityContext?: object, more: object = {}) => ({
  name: "c",
  image: "i",
  ...(securityContext && { securityContext }),
  ...more,
});
const pod = (spec: object) => ({ metadata: { name: "x", namespace: "ns" }, spec });
const one = (securityContext?: object, more: object = {}) => ({ containers: [container(securityContext, more)] });

function check(level: string, spec: object, expected: string): void {
  test(`${level}: ${JSON.stringify(spec)}`, async () => {
    const answer = await admit(pluginFor({ enforce: level }), { resource: "pods" }, pod(spec));
    assert.equal(answer, expected && `pods "x" is forbidden: violates PodSecurity "${level}:latest": ${expected}`);
  });
}

check("privileged", one({ privileged: true }), "");
check("baseline", one(), "");
check("baseline", one({ privileged: true }), 'privileged (container "c" must not set securityContext.privileged=true)');
check(
  "baseline",
  {
    ...one({}, { ports: [{ hostPort: 80 }, { hostPort: 443 }] }),
    hostNetwork: true,
    hostPID: true,
    volumes: [{ name: "v", hostPath: {} }],
  },
  'host namespaces (hostNetwork=true, hostPID=true), hostPath volumes (volume "v"), hostPort (container "c" uses hostPorts 443, 80)',
);
check(
  "baseline",
  one({ capabilities: { add: ["NET_ADMIN", "CHOWN", "BPF"] } }),
  'non-default capabilities (container "c" must not include "BPF", "NET_ADMIN" in securityContext.capabilities.add)',
);
check(
  "baseline",
  { ...one({ seccompProfile: { type: "Unconfined" }, procMount: "Unmasked" }), securityContext: { sysctls: [{ name: "kernel.msgmax" }] } },
  'procMount (container "c" must not set securityContext.procMount to "Unmasked"), seccompProfile (container "c" must not set securityContext.seccompProfile.type to "Unconfined"), forbidden sysctls (kernel.msgmax)',
);
check(
  "baseline",
  { ...one({ appArmorProfile: { type: "Unconfined" } }), securityContext: { seLinuxOptions: { type: "spc_t", user: "u" } } },
  'forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined"), seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set)',
);
check("restricted", one(SAFE), "");
check(
  "restricted",
  one(),
  'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
);
check(
  "restricted",
  {
    ...one({ ...SAFE, runAsUser: 0 }),
    volumes: [
      { name: "h", hostPath: {} },
      { name: "n", nfs: {} },
      { name: "e", emptyDir: {} },
    ],
  },
  'restricted volume types (volumes "h", "n" use restricted volume types "hostPath", "nfs"), runAsUser=0 (container "c" must not set runAsUser=0)',
);

test("an older version of the level asks for less", async () => {
  const plugin = pluginFor({ enforce: "restricted", "enforce-version": "v1.18" });
  const answer = await admit(plugin, { resource: "pods" }, pod(one({ runAsNonRoot: true })));
  assert.equal(
    answer,
    'pods "x" is forbidden: violates PodSecurity "restricted:v1.18": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
  );
});

test("warn and audit let through, and speak; workloads are never refused", async () => {
  const plugin = pluginFor({ enforce: "restricted", warn: "baseline", audit: "baseline" });
  const [warnings, annotations]: [string[], Record<string, string>] = [[], {}];
  const deployment = { metadata: { name: "x" }, spec: { template: pod(one({ privileged: true })) } };
  assert.equal(await admit(plugin, { group: "apps", resource: "deployments", warnings, annotations }, deployment), "");
  const expected = 'would violate PodSecurity "baseline:latest": privileged (container "c" must not set securityContext.privileged=true)';
  assert.deepEqual(warnings, [expected]);
  assert.deepEqual(annotations, { "pod-security.kubernetes.io/audit-violations": expected });
});

test("an update that changes no image is let be", async () => {
  const plugin = pluginFor({ enforce: "baseline" });
  const bad = one({ privileged: true });
  const update = { resource: "pods", operation: "UPDATE" as const };
  assert.equal(await admit(plugin, update, { ...pod(bad), metadata: { name: "x", labels: { a: "b" } } }, pod(bad)), "");
  assert.match(await admit(plugin, update, pod(one({ privileged: true }, { image: "other" })), pod(bad)), /violates PodSecurity/);
});

test("labels must say what is known", async () => {
  const plugin = pluginFor({});
  assert.equal(
    await admit(plugin, { resource: "namespaces", name: "ns" }, namespace({ enforce: "strict", "warn-version": "v2" })),
    'Namespace "ns" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "v2": must be "latest" or "v1.x"]',
  );
});

test("a stricter namespace tells of the pods that it would refuse", async () => {
  const store = new MemoryStore().seed(
    "pods",
    ...["a", "b", "c"].map((name) => ({ metadata: { name, namespace: "ns" }, spec: one({ privileged: true }) })),
    { metadata: { name: "d", namespace: "ns" }, spec: one({ seccompProfile: { type: "Unconfined" } }) },
  );
  const warnings: string[] = [];
  const what = { resource: "namespaces", name: "ns", operation: "UPDATE" as const, warnings };
  assert.equal(await admit(podSecurity({ store }), what, namespace({ enforce: "baseline" }), namespace({})), "");
  assert.deepEqual(warnings, [
    'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
    "a (and 2 other pods): privileged",
    "d: seccompProfile",
  ]);
});
