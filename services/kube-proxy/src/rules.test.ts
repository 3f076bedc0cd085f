import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, Service } from "@flotilla/api";
import { planRules } from "./rules.ts";

const facts = { nodeName: "w1", nodePortAddresses: ["127.0.0.1", "172.30.0.21"] };

function service(name: string, spec: Service["spec"], labels: Record<string, string> = {}): Service {
  return { metadata: { namespace: "d", name, labels }, spec: { clusterIP: "10.96.0.5", ports: [{ port: 80 }], ...spec } };
}

/** "10.1.0.1@w1 ready" or "… terminating", "… notready". */
function slice(name: string, port: { name?: string; port: number; protocol?: string }, ...endpoints: string[]): EndpointSlice {
  return {
    metadata: { namespace: "d", name: `${name}-x`, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ protocol: "TCP", name: "", ...port }],
    endpoints: endpoints.map((text) => {
      const [, ip, nodeName, state] = /^(\S+)@(\S+) (\S+)$/.exec(text)!;
      const ready = state === "ready";
      return {
        addresses: [ip!],
        nodeName,
        conditions: { ready, serving: ready || state === "terminating", terminating: state === "terminating" },
      };
    }),
  };
}

function check(services: Service[], slices: EndpointSlice[], expected: Record<string, string[]>): void {
  const rules = planRules(services, slices, facts);
  assert.deepEqual(Object.fromEntries([...rules].map(([key, rule]) => [key, [...rule.backends]])), expected);
}

test("only ready endpoints take connections", () => {
  check(
    [service("a", {})],
    [slice("a", { port: 8080 }, "10.1.0.1@w1 ready", "10.1.0.2@w2 notready", "10.1.0.3@w2 ready", "10.1.0.4@w2 terminating")],
    { "TCP 10.96.0.5:80": ["10.1.0.1:8080", "10.1.0.3:8080"] },
  );
});

test("serving endpoints that terminate are the fallback", () => {
  check([service("a", {})], [slice("a", { port: 8080 }, "10.1.0.2@w2 notready", "10.1.0.4@w2 terminating")], {
    "TCP 10.96.0.5:80": ["10.1.0.4:8080"],
  });
});

test("a node port listens on every address of the node", () => {
  check([service("a", { type: "NodePort", ports: [{ port: 80, nodePort: 30001 }] })], [slice("a", { port: 1 }, "10.1.0.1@w1 ready")], {
    "TCP 10.96.0.5:80": ["10.1.0.1:1"],
    "TCP 127.0.0.1:30001": ["10.1.0.1:1"],
    "TCP 172.30.0.21:30001": ["10.1.0.1:1"],
  });
});

test("traffic policies keep traffic on the node", () => {
  const ports = [{ port: 80, nodePort: 30001 }];
  const slices = [slice("a", { port: 1 }, "10.1.0.1@w1 ready", "10.1.0.2@w2 ready")];
  check([service("a", { type: "NodePort", ports, externalTrafficPolicy: "Local" })], slices, {
    "TCP 10.96.0.5:80": ["10.1.0.1:1", "10.1.0.2:1"],
    "TCP 127.0.0.1:30001": ["10.1.0.1:1"],
    "TCP 172.30.0.21:30001": ["10.1.0.1:1"],
  });
  check([service("a", { internalTrafficPolicy: "Local" })], slices, { "TCP 10.96.0.5:80": ["10.1.0.1:1"] });
});

test("ports match by name and protocol", () => {
  const dns = service("dns", {
    ports: [
      { name: "dns", port: 53, protocol: "UDP" },
      { name: "dns-tcp", port: 53 },
    ],
  });
  const endpoints = "10.1.0.1@w1 ready";
  check(
    [dns],
    [slice("dns", { name: "dns", port: 5353, protocol: "UDP" }, endpoints), slice("dns", { name: "dns-tcp", port: 53 }, endpoints)],
    {
      "UDP 10.96.0.5:53": ["10.1.0.1:5353"],
      "TCP 10.96.0.5:53": ["10.1.0.1:53"],
    },
  );
});

test("headless, external and foreign services are left alone", () => {
  check(
    [
      service("a", { clusterIP: "None" }),
      service("b", { type: "ExternalName", clusterIP: "" }),
      service("c", {}, { "service.kubernetes.io/service-proxy-name": "other" }),
    ],
    [],
    {},
  );
});

test("a service without endpoints has a rule without backends", () => {
  check([service("a", {})], [], { "TCP 10.96.0.5:80": [] });
});
