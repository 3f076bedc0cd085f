import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod } from "@flotilla/api";
import { parseResolvConf, podDns } from "./dns.ts";
import { hostnameOf, hostsFile } from "./hosts.ts";
import { linuxResources, oomScoreAdj } from "./resources.ts";
import { containerSecurity } from "./security.ts";

const pod = (spec: object): Pod => ({ metadata: { name: "web", namespace: "shop", uid: "u" }, spec: { containers: [], ...spec } }) as never;
const cluster = { dns: ["10.96.0.10"], domain: "cluster.local" };
const host = parseResolvConf("nameserver 9.9.9.9 # home\nsearch lan\noptions edns0\n");

test("resolv.conf by dnsPolicy", () => {
  assert.deepEqual(podDns(pod({}), cluster, host), {
    servers: ["10.96.0.10"],
    searches: ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "lan"],
    options: ["ndots:5"],
  });
  assert.deepEqual(podDns(pod({ hostNetwork: true }), cluster, host).servers, ["9.9.9.9"]);
  assert.deepEqual(podDns(pod({ hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }), cluster, host).servers, ["10.96.0.10"]);
  assert.deepEqual(podDns(pod({ dnsPolicy: "Default" }), cluster, host), host);
  const none = pod({ dnsPolicy: "None", dnsConfig: { nameservers: ["1.1.1.1"], options: [{ name: "ndots", value: "2" }] } });
  assert.deepEqual(podDns(none, cluster, host), { servers: ["1.1.1.1"], searches: [], options: ["ndots:2"] });
});

test("hostname and hosts file", () => {
  assert.deepEqual(hostnameOf(pod({}), "n1", "cluster.local"), { hostname: "web" });
  const named = pod({ hostname: "h", subdomain: "sub", hostAliases: [{ ip: "1.1.1.1", hostnames: ["one", "uno"] }] });
  const { hostname, domain } = hostnameOf(named, "n1", "cluster.local");
  assert.equal(domain, "sub.shop.svc.cluster.local");
  const text = hostsFile(named, ["10.0.0.5"], hostname, domain, "");
  assert.match(text, /^10\.0\.0\.5\th\.sub\.shop\.svc\.cluster\.local\th$/m);
  assert.match(text, /^1\.1\.1\.1\tone\tuno$/m);
});

test("cpu and memory as cgroup settings", () => {
  const of = (resources: object) => {
    const c = { name: "c", resources } as Container;
    const r = linuxResources(pod({ containers: [c] }), c, { memory_bytes: 4 * 2 ** 30, oomScoreAdjMin: 0 });
    return [r.cpuShares, r.cpuQuota, r.memoryLimitInBytes, r.oomScoreAdj];
  };
  assert.deepEqual(of({}), [2, 0, 0, 1000]);
  assert.deepEqual(of({ requests: { cpu: "500m", memory: "1Gi" } }), [512, 0, 0, 750]);
  assert.deepEqual(of({ limits: { cpu: "1", memory: "1Gi" } }), [1024, 100_000, 2 ** 30, 0]); // -997, as low as may be
  assert.deepEqual(of({ limits: { cpu: "1m" } }).slice(0, 2), [2, 1000]);
});

test("guaranteed pods are killed last", () => {
  const c = { name: "c", resources: { limits: { cpu: "1", memory: "1Gi" } } } as unknown as Container;
  assert.equal(oomScoreAdj(pod({ containers: [c] }), c, 2 ** 32), -997);
});

test("runAsNonRoot refuses what would run as root", () => {
  const c = { name: "c", securityContext: { runAsNonRoot: true } } as Container;
  assert.throws(() => containerSecurity(pod({}), c, undefined, ""), {
    message: "container has runAsNonRoot and image will run as root (container: c)",
  });
  assert.equal(containerSecurity(pod({ securityContext: { runAsUser: 7 } }), c, undefined, "").runAsUser?.value, 7);
});
