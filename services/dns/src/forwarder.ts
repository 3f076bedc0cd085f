import { type Clock, type Logger, type Random, randomInt } from "@flotilla/base";
import packet from "dns-packet";
import { ReplyCache } from "./cache.ts";
import type { Exchange, Transport } from "./upstream.ts";

const CACHE_ENTRIES = 10_000;
/** Longest that a reply is served again: CoreDNS's cache as kubeadm sets it. */
const CACHE_LIMIT_MS = 30_000;
/** Total patience with upstream for one query, as CoreDNS's forward plug-in. */
const QUERY_LIMIT_MS = 5_000;
/** Queries under way at once; more are refused. */
const CONCURRENT_LIMIT = 1_000;
/** A server that failed is asked last for this long. */
const SUSPECT_MS = 2_000;

export interface ForwarderPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  exchange: Exchange;
}

/** Asks upstream servers, one after another, and remembers what they said. */
export class Forwarder {
  private readonly cache: ReplyCache;
  private readonly suspects = new Map<string, number>();
  private pending = 0;
  private readonly ports: ForwarderPorts;
  private readonly servers: readonly string[];

  constructor(ports: ForwarderPorts, servers: readonly string[]) {
    this.ports = ports;
    this.servers = servers;
    this.cache = new ReplyCache(ports.clock, CACHE_ENTRIES);
  }

  /** The reply to a query, byte for byte but for its id; undefined when nobody answered. */
  async ask(query: Buffer, transport: Transport): Promise<Buffer | undefined> {
    const key = `${transport} ${query.toString("latin1", 2)}`;
    const known = this.cache.get(key);
    if (known) return withId(known, query);
    if (this.servers.length === 0 || this.pending >= CONCURRENT_LIMIT) return undefined;
    this.pending++;
    try {
      const reply = await this.askServers(query, transport);
      if (reply) this.cache.put(key, reply, ttlOf_ms(reply));
      return reply && withId(reply, query);
    } finally {
      this.pending--;
    }
  }

  private async askServers(query: Buffer, transport: Transport): Promise<Buffer | undefined> {
    const end_ms = this.ports.clock.monotonic() + QUERY_LIMIT_MS;
    // An id of our own: a stranger must guess it anew for each question.
    const sent = Buffer.from(query);
    sent.writeUInt16BE(randomInt(this.ports.random, 65_536), 0);
    for (let round = 0; round < 2; round++) {
      for (const server of this.order()) {
        const left_ms = end_ms - this.ports.clock.monotonic();
        if (left_ms <= 0) return undefined;
        try {
          const reply = await this.ports.exchange(server, sent, transport, left_ms);
          this.suspects.delete(server);
          return reply;
        } catch (error) {
          this.suspects.set(server, this.ports.clock.monotonic() + SUSPECT_MS);
          this.ports.log.debug("upstream failed", { server, error });
        }
      }
    }
    return undefined;
  }

  private order(): string[] {
    const now = this.ports.clock.monotonic();
    const suspect = (server: string) => Number((this.suspects.get(server) ?? 0) > now);
    return this.servers.toSorted((a, b) => suspect(a) - suspect(b));
  }
}

function withId(reply: Buffer, query: Buffer): Buffer {
  const copy = Buffer.from(reply);
  query.copy(copy, 0, 0, 2);
  return copy;
}

/** The least TTL of a reply, capped; negative answers by their SOA (RFC 2308); failures and cut replies not at all. */
function ttlOf_ms(reply: Buffer): number {
  try {
    const message = packet.decode(reply) as packet.DecodedPacket & { rcode?: string; flag_tc?: boolean };
    if (message.flag_tc || (message.rcode !== "NOERROR" && message.rcode !== "NXDOMAIN")) return 0;
    const records = [...(message.answers ?? []), ...(message.authorities ?? [])] as {
      ttl?: number;
      type: string;
      data?: { minimum?: number };
    }[];
    if (records.length === 0) return 0;
    const ttls = records.map((r) => Math.min(r.ttl ?? 0, r.type === "SOA" ? (r.data?.minimum ?? 0) : Number.POSITIVE_INFINITY));
    return Math.min(CACHE_LIMIT_MS, Math.min(...ttls) * 1000);
  } catch {
    return 0;
  }
}
