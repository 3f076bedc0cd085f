import { isExpired, type KubeObject, type ResourceType } from "@flotilla/api";
import { Backoff, type Clock, type Logger, type Random, sleep } from "@flotilla/base";
import type { ApiClient } from "./client.ts";

export interface ReflectorPorts {
  client: ApiClient;
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface Filter {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** Where a reflector delivers. */
export interface Sink<T> {
  replace(items: T[]): void;
  apply(type: "ADDED" | "MODIFIED" | "DELETED", object: T): void;
}

const PAGE_ITEMS = 1_000;
/** Upstream asks for five to ten minutes, so that watches spread over restarted servers. */
const WATCH_TIMEOUT_S = 300;
/** A watch that lived shorter than this did not work: back off. */
const HOT_LOOP_MS = 1_000;
/** Servers come back within a second or two; a controller that waits longer looks dead. */
const BACKOFF = { initial_ms: 50, max_ms: 1_500, jitter: 0.5 };

/**
 * Keeps a sink equal to the server: list, then watch from that version, for ever.
 * A watch that ends or breaks is opened again from the last version seen; only a
 * version that the server no longer has (Expired) costs a new list.
 */
export async function reflect<T>(
  ports: ReflectorPorts,
  type: ResourceType<T>,
  filter: Filter,
  sink: Sink<T>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = ports;
  const backoff = new Backoff(BACKOFF, ports.random);
  // "0" lets a server answer from its cache; after Expired that cache is not trusted.
  let from = "0";
  let version: string | undefined;
  while (!signal.aborted) {
    const opened_ms = clock.monotonic();
    const listed = version === undefined;
    let progressed = false;
    try {
      if (version === undefined) {
        version = await listAll(ports.client, type, filter, from, sink, signal);
        if (signal.aborted) return;
        backoff.reset("");
      }
      const events = ports.client.watch(type, {
        ...filter,
        resourceVersion: version,
        allowBookmarks: true,
        timeout_seconds: WATCH_TIMEOUT_S + Math.floor(ports.random.next() * WATCH_TIMEOUT_S),
        signal,
      });
      for await (const event of events) {
        if (signal.aborted) return;
        progressed = true;
        if (event.type === "BOOKMARK") version = event.resourceVersion;
        else {
          sink.apply(event.type, event.object);
          version = (event.object as KubeObject).metadata.resourceVersion ?? version;
        }
      }
      backoff.reset("");
      // Ended in order: open it again at once, unless that would spin.
      if (!progressed && clock.monotonic() - opened_ms < HOT_LOOP_MS) await sleep(clock, backoff.next(""), signal);
    } catch (error) {
      if (signal.aborted) return;
      if (progressed || clock.monotonic() - opened_ms >= HOT_LOOP_MS) backoff.reset("");
      if (isExpired(error)) {
        log.debug("watch expired, listing again", { resource: type.resource });
        version = undefined;
        from = "";
        // A server that restarted knows no old versions: that costs no wait, unless it refuses its own list's version too.
        if (!listed) continue;
      } else log.debug("watch broke", { resource: type.resource, why: (error as Error).message });
      await sleep(clock, backoff.next(""), signal);
    }
  }
}

async function listAll<T>(client: ApiClient, type: ResourceType<T>, filter: Filter, from: string, sink: Sink<T>, signal: AbortSignal) {
  const items: T[] = [];
  // Pages and the cache exclude each other: a first list from the cache comes whole.
  const limit = from === "0" ? undefined : PAGE_ITEMS;
  let page = await client.list(type, { ...filter, resourceVersion: from, limit, signal });
  const version = page.resourceVersion;
  items.push(...page.items);
  while (page.continue) {
    page = await client.list(type, { ...filter, limit, continue: page.continue, signal });
    items.push(...page.items);
  }
  if (!signal.aborted) sink.replace(items);
  return version;
}
