import { type ConfigMap, ConfigMaps, isNotFound, type ResourceType, type Secret, Secrets } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";

/** Pods that start together share one answer; one that starts after a change must see it. */
const FRESH_MS = 500;
const ENTRIES_MAX = 2_000;

interface Entry {
  at_ms: number;
  value: Promise<unknown>;
}

/** ConfigMaps and Secrets of this node's pods, asked for when needed and shared for a moment. */
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
    const now_ms = this.clock.monotonic();
    const known = this.entries.get(key);
    if (known && now_ms - known.at_ms < FRESH_MS) return known.value as Promise<T | undefined>;
    const value = this.client.get(type, name, { namespace }).catch((error) => {
      this.entries.delete(key); // absent or unreachable: ask again next time
      if (isNotFound(error)) return undefined;
      throw error;
    });
    this.entries.delete(key);
    this.entries.set(key, { at_ms: now_ms, value });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= ENTRIES_MAX) break;
      this.entries.delete(oldest);
    }
    return value;
  }
}
