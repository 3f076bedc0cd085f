import { type ConfigMap, ConfigMaps, isNotFound, type ResourceType, type Secret, Secrets } from "@flotilla/api";
import { type Clock, sleep } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";

/** Pods that start together share one answer; one that starts after a change must see it. */
const FRESH_MS = 500;
/** With an older answer at hand, a slow or absent API is not waited for longer: containers must restart without it. */
const PATIENCE_MS = 1_000;
const ENTRIES_MAX = 2_000;

interface Entry {
  at_ms: number;
  answer: Promise<unknown>;
  /** The newest object seen, if there was one. */
  last?: { object: unknown };
}

/** ConfigMaps and Secrets of this node's pods, asked for when needed, shared for a moment, and remembered for when the API is away. */
export class ObjectCache {
  private readonly client: ApiClient;
  private readonly clock: Clock;
  private readonly entries = new Map<string, Entry>();

  constructor(client: ApiClient, clock: Clock) {
    this.client = client;
    this.clock = clock;
  }

  configMap = (namespace: string, name: string): Promise<ConfigMap | undefined> => this.get(ConfigMaps, namespace, name);
  secret = (namespace: string, name: string): Promise<Secret | undefined> => this.get(Secrets, namespace, name);

  private get<T>(type: ResourceType<T>, namespace: string, name: string): Promise<T | undefined> {
    const key = `${type.resource}/${namespace}/${name}`;
    const at_ms = this.clock.monotonic();
    const known = this.entries.get(key);
    if (known && at_ms - known.at_ms < FRESH_MS) return known.answer as Promise<T | undefined>;
    const entry: Entry = { at_ms, last: known?.last, answer: Promise.resolve() };
    const answer = this.ask(entry, type, namespace, name);
    entry.answer = answer;
    this.entries.delete(key); // the newest go last
    this.entries.set(key, entry);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= ENTRIES_MAX) break;
      this.entries.delete(oldest);
    }
    return answer;
  }

  private async ask<T>(entry: Entry, type: ResourceType<T>, namespace: string, name: string): Promise<T | undefined> {
    const last = entry.last as { object: T } | undefined;
    const fetched = this.client.get(type, name, { namespace }).then(
      (object) => {
        entry.last = { object };
        return object;
      },
      (error) => {
        entry.at_ms = Number.NEGATIVE_INFINITY; // ask again next time
        if (isNotFound(error)) {
          entry.last = undefined;
          return undefined;
        }
        if (last) return last.object;
        throw error;
      },
    );
    if (!last) return fetched;
    const done = new AbortController();
    const patience = sleep(this.clock, PATIENCE_MS, done.signal).then(() => last.object);
    const answer = await Promise.race([fetched, patience]);
    done.abort();
    return answer;
  }
}
