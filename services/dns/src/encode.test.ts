import assert from "node:assert/strict";
import { test } from "node:test";
import packet, { type DecodedPacket } from "dns-packet";
import type { Record } from "./records.ts";
import { decodeQuery, encodeReply } from "./wire.ts";

const soa = {
  mname: "ns.dns.cluster.local",
  rname: "hostmaster.cluster.local",
  serial: 4_000_000_000,
  refresh: 1,
  retry: 2,
  expire: 3,
  minimum: 30,
};
const RECORDS: Record[] = [
  { type: "A", name: "web.d.svc.cluster.local", ttl: 30, data: "10.96.0.7" },
  { type: "AAAA", name: "web.d.svc.cluster.local", ttl: 30, data: "fd00::1:2" },
  { type: "CNAME", name: "away.d.svc.cluster.local", ttl: 5, data: "www.example.com" },
  { type: "PTR", name: "7.0.96.10.in-addr.arpa", ttl: 30, data: "web.d.svc.cluster.local" },
  { type: "NS", name: "cluster.local", ttl: 30, data: "ns.dns.cluster.local" },
  {
    type: "SRV",
    name: "_http._tcp.web.d.svc.cluster.local",
    ttl: 30,
    data: { priority: 0, weight: 100, port: 80, target: "web.d.svc.cluster.local" },
  },
  { type: "SOA", name: "cluster.local", ttl: 30, data: soa },
];

function queryFor(name: string) {
  const query = decodeQuery(packet.encode({ type: "query", id: 9, flags: packet.RECURSION_DESIRED, questions: [{ type: "A", name }] }));
  assert.ok(query && "question" in query);
  return query;
}

test("an independent decoder reads back what is written", () => {
  const query = queryFor("Web.d.svc.cluster.local");
  const reply = encodeReply(query, { rcode: "NOERROR", authoritative: true, answers: RECORDS, authorities: [], additionals: [] }, 65_535);
  const decoded = packet.decode(reply) as DecodedPacket & { flag_aa: boolean };
  assert.equal(decoded.id, 9);
  assert.equal(decoded.questions![0]!.name, "Web.d.svc.cluster.local");
  assert.equal(decoded.flag_aa, true);
  const got = decoded.answers!.map(({ type, name, ttl, data }: any) => ({ type, name, ttl, data }));
  assert.deepEqual(got, RECORDS);
});

test("names that repeat cost two bytes", () => {
  const name = "many.default.svc.cluster.local";
  const answers = Array.from({ length: 28 }, (_, i): Record => ({ type: "A", name, ttl: 30, data: `10.244.1.${i}` }));
  const query = queryFor(name);
  const reply = encodeReply(query, { rcode: "NOERROR", authoritative: true, answers, authorities: [], additionals: [] }, 512);
  assert.equal(reply.length, 12 + name.length + 2 + 4 + 28 * 16);
  assert.equal(packet.decode(reply).answers!.length, 28);
});
