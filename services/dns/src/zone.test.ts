import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, Service } from "@flotilla/api";
import { type ClusterFacts, endpointsOf, serviceIPs } from "./facts.ts";
import type { Record } from "./records.ts";
import { answerZone } from "./zone.ts";

const service = (name: string, spec: Service["spec"]): Service => ({ metadata: { namespace: "d", name }, spec });
const slice = (name: string, ports: EndpointSlice["ports"], ...endpoints: NonNullable<EndpointSlice["endpoints"]>): EndpointSlice => ({
  metadata: { namespace: "d", name, labels: { "kubernetes.io/service-name": name } },
  addressType: "IPv4",
  ports,
  endpoints,
});

const services = [
  service("web", {
    clusterIP: "10.96.0.7",
    ports: [
      { name: "http", port: 80 },
      { name: "dns", port: 53, protocol: "UDP" },
    ],
  }),
  service("db", { clusterIP: "None", ports: [{ name: "sql", port: 5432 }] }),
  service("empty", { clusterIP: "None", ports: [{ port: 1 }] }),
  service("noport", { clusterIP: "None" }),
  service("away", { type: "ExternalName", externalName: "web.d.svc.cluster.local" }),
];
const slices = [
  slice("web", [{ name: "http", port: 8080 }], { addresses: ["10.244.1.9"], conditions: { ready: true } }),
  slice(
    "db",
    [{ name: "sql", port: 5432 }],
    { addresses: ["10.244.1.5"], hostname: "db-0", conditions: { ready: true } },
    { addresses: ["10.244.2.6"], conditions: {} },
    { addresses: ["10.244.2.7"], conditions: { ready: false } },
  ),
  slice("noport", [], { addresses: ["10.244.1.8"] }),
];

const of = (name: string) => endpointsOf(slices.filter((s) => s.metadata.name === name));
const facts: ClusterFacts = {
  namespaceExists: (name) => name === "d",
  service: (namespace, name) => (namespace === "d" ? services.find((s) => s.metadata.name === name) : undefined),
  endpoints: (_, name) => of(name),
  servicesByIP: (ip) => services.filter((s) => serviceIPs(s).includes(ip)),
  endpointsByIP: (ip) =>
    services.flatMap((s) =>
      of(s.metadata.name!)
        .filter((e) => e.ip === ip)
        .map((endpoint) => ({ namespace: "d", service: s.metadata.name!, endpoint })),
    ),
};

function show(record: Record): string {
  if (record.type === "SRV") return `SRV ${record.data.priority} ${record.data.weight} ${record.data.port} ${record.data.target}`;
  return record.type === "SOA" ? "SOA" : `${record.type} ${record.data}`;
}

/** "TYPE name" → the answer in one line: rcode, answers, authorities, additionals. */
const table: [query: string, expected: string][] = [
  ["A web.d.svc.cluster.local", "NOERROR A 10.96.0.7"],
  ["A WEB.d.svc.Cluster.local", "NOERROR A 10.96.0.7"],
  ["AAAA web.d.svc.cluster.local", "NOERROR | SOA"],
  ["A nope.d.svc.cluster.local", "NXDOMAIN | SOA"],
  ["A web.other.svc.cluster.local", "NXDOMAIN | SOA"],
  ["A db.d.svc.cluster.local", "NOERROR A 10.244.1.5, A 10.244.2.6"],
  ["A db-0.db.d.svc.cluster.local", "NOERROR A 10.244.1.5"],
  ["A 10-244-2-6.db.d.svc.cluster.local", "NOERROR A 10.244.2.6"],
  ["A 10-244-2-7.db.d.svc.cluster.local", "NXDOMAIN | SOA"],
  ["A empty.d.svc.cluster.local", "NXDOMAIN | SOA"],
  ["A noport.d.svc.cluster.local", "NOERROR A 10.244.1.8"],
  ["SRV _http._tcp.web.d.svc.cluster.local", "NOERROR SRV 0 100 80 web.d.svc.cluster.local | | A 10.96.0.7"],
  ["SRV _dns._udp.web.d.svc.cluster.local", "NOERROR SRV 0 100 53 web.d.svc.cluster.local | | A 10.96.0.7"],
  ["SRV _http._udp.web.d.svc.cluster.local", "NXDOMAIN | SOA"],
  [
    "SRV _sql._tcp.db.d.svc.cluster.local",
    "NOERROR SRV 0 50 5432 db-0.db.d.svc.cluster.local, SRV 0 50 5432 10-244-2-6.db.d.svc.cluster.local | | A 10.244.1.5, A 10.244.2.6",
  ],
  ["CNAME away.d.svc.cluster.local", "NOERROR CNAME web.d.svc.cluster.local"],
  ["PTR 7.0.96.10.in-addr.arpa", "NOERROR PTR web.d.svc.cluster.local"],
  ["PTR 5.1.244.10.in-addr.arpa", "NOERROR PTR db-0.db.d.svc.cluster.local"],
  ["PTR 1.1.1.1.in-addr.arpa", "upstream"],
  ["A 10-244-1-5.d.pod.cluster.local", "NOERROR A 10.244.1.5"],
  ["A 10-244-1-5.x.pod.cluster.local", "NXDOMAIN | SOA"],
  ["A 10-244-1-555.d.pod.cluster.local", "NXDOMAIN | SOA"],
  ["A d.svc.cluster.local", "NOERROR | SOA"],
  ["A x.svc.cluster.local", "NXDOMAIN | SOA"],
  ["A svc.cluster.local", "NOERROR | SOA"],
  ["A cluster.local", "NOERROR | SOA"],
  ["SOA cluster.local", "NOERROR SOA"],
  ["NS cluster.local", "NOERROR NS ns.dns.cluster.local"],
  ["TXT dns-version.cluster.local", "NOERROR TXT 1.1.0"],
  ["A example.com.d.svc.cluster.local", "NXDOMAIN | SOA"],
  ["A example.com", "upstream"],
  ["A mycluster.local", "upstream"],
];

for (const [query, expected] of table) {
  test(`${query} → ${expected}`, () => {
    const [type, name] = query.split(" ") as [string, string];
    const answer = answerZone({ type, name }, facts, { domain: "cluster.local", ttl_seconds: 30, serial: () => 1 });
    const parts = answer && [answer.answers, answer.authorities, answer.additionals].map((list) => list.map(show).join(", "));
    const got = parts ? `${answer.rcode} ${parts.join(" | ")}`.replace(/[ |]+$/, "") : "upstream";
    assert.equal(got.replace(/\s+/g, " "), expected);
  });
}
