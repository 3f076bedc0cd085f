/** What validation says of Services and of where they lead: checked against a real API server's answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCauses, type Tree, update } from "./testing/causes.ts";

const service = (spec: Tree = {}): Tree => ({ spec: { ports: [{ port: 80 }], ...spec } });
const subset = (address: Tree): Tree => ({ subsets: [{ addresses: [address], ports: [{ port: 80 }] }] });
const ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'";

const INVALID: [kind: string, body: Tree, causes: string[]][] = [
  ["Service", service({ ports: [] }), ["spec.ports: Required value"]],
  [
    "Service",
    service({ clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.2"] }),
    ['spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`'],
  ],
  [
    "Service",
    service({ clusterIP: "10.0.0.1", ipFamilies: ["IPv6"] }),
    ['spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`'],
  ],
  [
    "Service",
    service({ externalIPs: ["127.0.0.1"] }),
    ['spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  ],
  [
    "Service",
    service({ externalTrafficPolicy: "Local" }),
    ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
  ],
  ["Service", service({ loadBalancerSourceRanges: ["10.0.0.0/8"] }), [`spec.LoadBalancerSourceRanges: Forbidden: ${ONLY_BALANCED}`]],
  ["Service", service({ loadBalancerClass: "a/b" }), [`spec.loadBalancerClass: Forbidden: ${ONLY_BALANCED}`]],
  [
    "Service",
    service({ ports: [{ port: 80 }, { port: 80, name: "b" }] }),
    ["spec.ports[0].name: Required value", 'spec.ports[1]: Duplicate value: {"port":80,"protocol":"TCP"}'],
  ],
  [
    "Service",
    { spec: { type: "ExternalName", externalName: "a.b", clusterIPs: ["10.0.0.1"] } },
    ["spec.clusterIPs: Forbidden: may not be set for ExternalName services"],
  ],
  [
    "Endpoints",
    subset({ ip: "169.254.169.254" }),
    ['subsets[0].addresses[0].ip: Invalid value: "169.254.169.254": may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  ],
  [
    "EndpointSlice",
    { addressType: "IPv4", endpoints: [{ addresses: ["::1"] }] },
    ['endpoints[0].addresses[0]: Invalid value: "::1": must be a valid IPv4 address'],
  ],
];

for (const [kind, body, expected] of INVALID) test(`${kind}: ${expected[0]}`, () => assert.deepEqual(createCauses(kind, body), expected));

const balanced = service({ type: "LoadBalancer", clusterIP: "10.0.0.1", ports: [{ port: 80, nodePort: 30080 }] });

test("a type that has no node ports drops them", () => {
  const { object, causes } = update("Service", balanced, ({ spec }) => {
    spec.type = "ClusterIP";
  });
  assert.deepEqual(causes, []);
  assert.deepEqual(object.spec.ports, [{ port: 80, protocol: "TCP", targetPort: 80 }]);
  assert.equal(object.spec.allocateLoadBalancerNodePorts, undefined);
  assert.equal(object.spec.externalTrafficPolicy, undefined);
});

test("addresses and families left out of an update stay", () => {
  const dual = service({ clusterIP: "10.0.0.1", ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
  const { object, causes } = update("Service", dual, ({ spec }) => {
    for (const name of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) delete spec[name];
  });
  assert.deepEqual(causes, []);
  assert.deepEqual([object.spec.clusterIPs, object.spec.ipFamilies, object.spec.ipFamilyPolicy], [["10.0.0.1"], ["IPv4"], "SingleStack"]);
});

test("the address itself does not change", () => {
  const { causes } = update("Service", service({ clusterIP: "10.0.0.1" }), ({ spec }) => {
    spec.clusterIP = "10.0.0.2";
  });
  assert.deepEqual(causes, ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set']);
});
