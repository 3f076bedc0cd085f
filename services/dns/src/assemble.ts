import type { Clock, Logger, Random } from "@flotilla/base";
import { type ClusterInformers, createClusterFacts } from "./cluster-facts.ts";
import { Forwarder } from "./forwarder.ts";
import { createHandler, type Handler } from "./handler.ts";
import type { DnsMetrics } from "./metrics.ts";
import type { Exchange } from "./upstream.ts";

export interface DnsPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  informers: ClusterInformers;
  exchange: Exchange;
  metrics: DnsMetrics;
}

export interface DnsConfig {
  domain: string;
  ttl_seconds: number;
  /** "host:port", in order of preference. */
  upstreams: string[];
}

export interface Dns {
  handle: Handler;
  /** The zone is known: before that, a name that isn't there might be. */
  ready(): boolean;
  synced(): Promise<void>;
}

export function createDns(ports: DnsPorts, config: DnsConfig): Dns {
  const { namespaces, services, slices } = ports.informers;
  const all = [namespaces, services, slices] as { synced(): Promise<void>; hasSynced(): boolean; subscribe: unknown }[];
  let serial = Math.floor(ports.clock.now() / 1000);
  const changed = () => {
    serial = Math.floor(ports.clock.now() / 1000);
  };
  const handler = { add: changed, update: changed, delete: changed };
  services.subscribe(handler);
  slices.subscribe(handler);
  const zone = { domain: config.domain.toLowerCase().replace(/\.$/, ""), ttl_seconds: config.ttl_seconds, serial: () => serial };
  const facts = createClusterFacts(ports.informers);
  const forwarder = new Forwarder(ports, config.upstreams);
  return {
    handle: createHandler({ ...ports, facts, forwarder }, zone),
    ready: () => all.every((i) => i.hasSynced()),
    async synced() {
      await Promise.all(all.map((i) => i.synced()));
    },
  };
}
