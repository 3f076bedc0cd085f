import assert from "node:assert/strict";
import { test } from "node:test";
import { type EndpointSlice, EndpointSlices, EndpointsResource, type Pod, Pods, type Service, Services } from "@flotilla/api";
import { startControllers } from "../testing/controllers.ts";
import { startEndpointsController } from "./endpoints-controller.ts";
import { startMirroringController } from "./mirroring-controller.ts";
import { startEndpointSliceController } from "./slice-controller.ts";
import { type EndpointGroup, planSlices } from "./slice-plan.ts";

const pod = (name: string, ip: string, ready: boolean, over: object = {}): Pod =>
  ({
    metadata: { name, namespace: "default", labels: { app: "web" } },
    spec: { nodeName: "n1", containers: [{ name: "c", ports: [{ name: "http", containerPort: 8080 }] }], ...over },
    status: { phase: "Running", podIP: ip, podIPs: [{ ip }], conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  }) as Pod;
const service = (spec: object = {}): Service =>
  ({
    metadata: { name: "web", namespace: "default", labels: { team: "x" } },
    spec: { selector: { app: "web" }, clusterIP: "10.96.0.5", ports: [{ port: 80, targetPort: "http", protocol: "TCP" }], ...spec },
  }) as Service;

function setup() {
  const c = startControllers([startEndpointsController, startEndpointSliceController, startMirroringController]);
  const endpoints = () =>
    c.api
      .all(EndpointsResource)
      .map((e) =>
        JSON.stringify(
          (e.subsets ?? []).map((s) => [s.addresses?.map((a) => a.ip), s.notReadyAddresses?.map((a) => a.ip), s.ports?.map((p) => p.port)]),
        ),
      );
  const slices = () =>
    c.api.all(EndpointSlices).map((s) =>
      (s.endpoints ?? [])
        .map((e) => `${e.addresses[0]}${e.conditions?.ready ? "" : "!"}${e.conditions?.terminating ? "T" : ""}`)
        .sort()
        .join(" "),
    );
  return { ...c, endpoints, slices };
}

test("a service's ready and not ready pods become Endpoints and a slice, and follow changes", async () => {
  const c = setup();
  c.api.seed(Services, service());
  await c.run();
  assert.deepEqual([c.endpoints(), c.slices()], [["[]"], [""]]);
  const [a] = c.api.seed(Pods, pod("a", "10.0.0.1", true), pod("b", "10.0.0.2", false));
  await c.run();
  assert.deepEqual(c.endpoints(), ['[[["10.0.0.1"],["10.0.0.2"],[8080]]]']);
  assert.deepEqual(c.slices(), ["10.0.0.1 10.0.0.2!"]);
  const [slice] = c.api.all(EndpointSlices);
  assert.equal(slice!.metadata.labels?.["kubernetes.io/service-name"], "web");
  assert.deepEqual(slice!.ports, [{ name: "", port: 8080, protocol: "TCP" }]);
  await c.api.delete(Pods, a!.metadata.name!, { namespace: "default" });
  await c.run();
  assert.deepEqual(c.endpoints(), ['[[null,["10.0.0.2"],[8080]]]']);
  assert.deepEqual(c.slices(), ["10.0.0.1!T 10.0.0.2!"]);
  await c.api.delete(Services, "web", { namespace: "default" });
  await c.run();
  assert.deepEqual(c.endpoints(), []);
  c.stop.abort();
});

test("headless services give pods their host names; publishNotReadyAddresses shows all", async () => {
  const c = setup();
  c.api.seed(Services, service({ clusterIP: "None", publishNotReadyAddresses: true, ports: undefined }));
  c.api.seed(Pods, pod("a", "10.0.0.1", false, { hostname: "a-0", subdomain: "web" }));
  await c.run();
  const [slice] = c.api.all(EndpointSlices);
  assert.deepEqual([slice!.endpoints![0]!.hostname, slice!.endpoints![0]!.conditions?.ready], ["a-0", true]);
  assert.equal(slice!.metadata.labels?.["service.kubernetes.io/headless"], "");
  assert.deepEqual(c.endpoints(), ['[[["10.0.0.1"],null,null]]']);
  c.stop.abort();
});

test("hand-written Endpoints of a service without a selector are mirrored", async () => {
  const c = setup();
  c.api.seed(Services, service({ selector: undefined }));
  const metadata = { name: "web", namespace: "default" };
  c.api.seed(EndpointsResource, { metadata, subsets: [{ addresses: [{ ip: "1.2.3.4" }], ports: [{ port: 9 }] }] });
  await c.run();
  assert.deepEqual(c.slices(), ["1.2.3.4"]);
  await c.api.delete(EndpointsResource, "web", { namespace: "default" });
  await c.run();
  assert.deepEqual(c.slices(), []);
  c.stop.abort();
});

test("slices are filled to a hundred and change as little as can be", () => {
  const group = (count: number): EndpointGroup => ({
    addressType: "IPv4",
    ports: [{ name: "", port: 1, protocol: "TCP" }],
    endpoints: Array.from({ length: count }, (_, i) => ({ addresses: [`10.0.${i >> 8}.${i & 255}`] })),
  });
  const base = { labels: { a: "b" } };
  const sizes = (writes: { kind: string; slice: EndpointSlice }[]) => writes.map((w) => `${w.kind} ${w.slice.endpoints?.length}`);
  const first = planSlices([group(250)], [], base);
  assert.deepEqual(sizes(first), ["create 100", "create 100", "create 50"]);
  const present = first.map((w, i) => ({ ...w.slice, metadata: { name: `s${i}`, labels: base.labels } }));
  assert.deepEqual(sizes(planSlices([group(250)], present, base)), []);
  assert.deepEqual(sizes(planSlices([group(260)], present, base)), ["update 60"]);
  assert.deepEqual(sizes(planSlices([group(100)], present, base)), ["delete 100", "delete 50"]);
  assert.deepEqual(sizes(planSlices([], present, base)), ["delete 100", "delete 100", "delete 50"]);
});
