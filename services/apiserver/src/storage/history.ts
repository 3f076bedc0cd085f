import { apiError } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import { Event_EventType, type KeyValue } from "@flotilla/rpc/gen/etcd/kv.ts";
import type { WatchResponse } from "@flotilla/rpc/gen/etcd/rpc.ts";
import { type EtcdClient, EVERYTHING, REGISTRY } from "./etcd-client.ts";

/** One change of the past, as the store remembers it. */
export interface PastChange {
  key: Buffer;
  revision: number;
  /** undefined: deleted. */
  value: KeyValue | undefined;
  /** undefined: there was none, or it has been compacted since. */
  previous: KeyValue | undefined;
}

/** Older watches must list again: reading more would cost more than their list. */
const CHANGES_MAX = 20_000;
const BYTES_MAX = 64 * 1024 * 1024;
const REPLAY_MS_MAX = 5_000;

/**
 * All changes of ours after `from` up to `to`, from the store's own history. It watches the whole key
 * space: the change at `to` is then sure to come, and tells that nothing is missing.
 * @throws ApiError Expired when the store has compacted them, or there are too many.
 */
export function replay(client: EtcdClient, clock: Clock, from: number, to: number): Promise<PastChange[]> {
  const changes: PastChange[] = [];
  let bytes = 0;
  const expired = () => apiError("Expired", `too old resource version: ${from} (${to})`);
  if (to - from > CHANGES_MAX) return Promise.reject(expired());
  return new Promise((resolve, reject) => {
    const end = (outcome: PastChange[] | Error) => {
      limit.cancel();
      watch.cancel();
      if (Array.isArray(outcome)) resolve(outcome);
      else reject(outcome);
    };
    const limit = clock.setTimeout(() => end(expired()), REPLAY_MS_MAX);
    const take = (response: WatchResponse) => {
      if (response.canceled) return end(expired());
      for (const { type, kv, prevKv } of response.events) {
        if (kv!.modRevision > to) return end(changes);
        bytes += kv!.value.length;
        if (!isOurs(kv!.key)) continue;
        const deleted = type === Event_EventType.DELETE;
        changes.push({ key: kv!.key, revision: kv!.modRevision, value: deleted ? undefined : kv!, previous: prevKv });
      }
      if (changes.length > CHANGES_MAX || bytes > BYTES_MAX) return end(expired());
      if (response.events.some(({ kv }) => kv!.modRevision === to)) end(changes);
    };
    const watch = client.watch({ key: EVERYTHING, rangeEnd: EVERYTHING, startRevision: from + 1, prevKv: true }, take, end);
  });
}

/** A key under /registry/. */
export function isOurs(key: Buffer): boolean {
  return key.length > REGISTRY.length && key.compare(REGISTRY, 0, REGISTRY.length, 0, REGISTRY.length) === 0;
}
