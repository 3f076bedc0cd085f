import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@flotilla/base";
import { MemoryStore } from "../admission/testing/rig.ts";
import { serviceEndpoint } from "./service-endpoint.ts";

const service = (spec: object) => ({ metadata: { name: "s", namespace: "n" }, spec });
const slice = (ready: boolean, port: number, address: string) => ({
  metadata: { name: `s-${address}`, namespace: "n", labels: { "kubernetes.io/service-name": "s" } },
  ports: [{ name: "https", port }],
  endpoints: [{ addresses: [address], conditions: { ready } }],
});
const ports = [{ name: "https", port: 443, targetPort: 8443 }];

function check(what: string, store: MemoryStore, port: number, expected: string): void {
  test(what, () => {
    let found: string;
    try {
      const { host, port: at } = serviceEndpoint(store, seededRandom(1), { namespace: "n", name: "s", port });
      found = `${host}:${at}`;
    } catch (error) {
      found = (error as Error).message;
    }
    assert.equal(found, expected);
  });
}

const seeded = (spec: object, ...slices: object[]) => new MemoryStore().seed("services", service(spec)).seed("endpointslices", ...slices);
check("nobody", new MemoryStore(), 443, 'service "s" not found');
check("no such port", seeded({ ports }), 80, 'no service port 80 found for service "s"');
check("a ready pod", seeded({ ports, selector: {} }, slice(false, 8443, "10.1"), slice(true, 8443, "10.2")), 443, "10.2:8443");
check("no ready pod", seeded({ ports, selector: {} }, slice(false, 8443, "10.1")), 443, 'no endpoints available for service "s"');
check("a cluster IP without selector", seeded({ ports, clusterIP: "10.96.0.9" }), 443, "10.96.0.9:443");
check("another name", seeded({ type: "ExternalName", externalName: "x.example" }), 443, "x.example:443");
