import { type Random, randomInt } from "@flotilla/base";
import packet from "dns-packet";
import type { ClusterFacts } from "./facts.ts";
import type { Forwarder } from "./forwarder.ts";
import type { DnsMetrics } from "./metrics.ts";
import type { Answer, Record } from "./records.ts";
import type { Transport } from "./upstream.ts";
import { decodeQuery, encodeError, encodeReply, type Query, replyLimit } from "./wire.ts";
import { answerZone, type ZoneConfig } from "./zone.ts";

/** Aliases followed in one answer. */
const ALIAS_LIMIT = 8;

export interface HandlerPorts {
  random: Random;
  facts: ClusterFacts;
  forwarder: Forwarder;
  metrics: DnsMetrics;
}

/** One message in, one reply out (undefined: say nothing). */
export type Handler = (message: Buffer, transport: Transport) => Promise<Buffer | undefined>;

export function createHandler(ports: HandlerPorts, zone: ZoneConfig): Handler {
  return async (message, transport) => {
    const query = decodeQuery(message);
    if (!query) return undefined;
    if ("malformed" in query) return encodeError(query.malformed, "FORMERR");
    const done = ports.metrics.duration.startTimer();
    const reply = await answer(ports, zone, query, message, transport);
    done();
    ports.metrics.requests.inc({ proto: transport, type: query.question.type });
    ports.metrics.responses.inc({ rcode: reply[3]! & 15 });
    return reply;
  };
}

async function answer(ports: HandlerPorts, zone: ZoneConfig, query: Query, message: Buffer, transport: Transport): Promise<Buffer> {
  if (query.opcode !== 0) return encodeError(query.id, "NOTIMP", query);
  const own =
    query.question.class === "IN" || query.question.class === undefined ? answerZone(query.question, ports.facts, zone) : undefined;
  if (!own) return (await ports.forwarder.ask(message, transport)) ?? encodeError(query.id, unansweredCode(query), query);
  if (own.follow !== undefined) await follow(ports, zone, query, own, own.follow);
  shuffle(own.answers, ports.random);
  return encodeReply(query, own, replyLimit(query, transport));
}

/** Private reverse names nobody upstream knows are not there, rather than broken. */
function unansweredCode(query: Query): "NXDOMAIN" | "SERVFAIL" {
  return /\.(10|127|168\.192|(1[6-9]|2\d|3[01])\.172)\.in-addr\.arpa\.?$/i.test(query.question.name) ? "NXDOMAIN" : "SERVFAIL";
}

/** An ExternalName's answer carries its target's addresses too, where they can be had. */
async function follow(ports: HandlerPorts, zone: ZoneConfig, query: Query, into: Answer, target: string): Promise<void> {
  let next: string | undefined = target;
  for (let hops = 0; next !== undefined && hops < ALIAS_LIMIT; hops++) {
    const question = { ...query.question, name: next };
    const local = answerZone(question, ports.facts, zone);
    next = local?.follow;
    into.answers.push(...(local ? local.answers : await askUpstream(ports, query, question.name)));
  }
}

async function askUpstream(ports: HandlerPorts, query: Query, name: string): Promise<Record[]> {
  const type = query.question.type as "A";
  const message = packet.encode({ type: "query", id: 0, flags: packet.RECURSION_DESIRED, questions: [{ type, class: "IN", name }] });
  const reply = await ports.forwarder.ask(message, "udp");
  if (!reply) return [];
  const records = packet.decode(reply).answers as Record[] | undefined;
  return (records ?? []).filter((r) => r.type === type || r.type === "CNAME");
}

/** Address records in random order, so that clients who take the first spread out; aliases stay in front. */
function shuffle(records: Record[], random: Random): void {
  const start = records.findLastIndex((r) => r.type === "CNAME") + 1;
  for (let i = records.length - 1; i > start; i--) {
    const j = start + randomInt(random, i - start + 1);
    [records[i], records[j]] = [records[j]!, records[i]!];
  }
}
