// Requests as etcd's clients make them, Kubernetes' API server above all.
import { startCall } from "../../services/etcd/src/grpc/client.ts";
import { frame } from "../../services/etcd/src/grpc/frames.ts";
import type { StoreClient } from "../../services/etcd/src/testing/client.ts";
import { Reader } from "../../services/etcd/src/wire/reader.ts";
import { Writer } from "../../services/etcd/src/wire/writer.ts";

const COMPARE_MOD = 2;

/** What a guarded write did; when it was refused, the revision of what is there. */
export interface Guarded {
  readonly succeeded: boolean;
  readonly revision: number;
}

/** Kubernetes' create and update: put if the key's mod revision is still `mod` (0: not there), else get. */
export async function guardedPut(client: StoreClient, key: string, value: string, mod: number): Promise<Guarded> {
  const w = new Writer(value.length + 256);
  w.message(0x0a, () => void w.int(0x10, COMPARE_MOD).latin1(0x1a, key).varint(0x30).varint(mod));
  w.message(0x12, () => void w.message(0x12, () => void w.latin1(0x0a, key).latin1(0x12, value)));
  w.message(0x1a, () => void w.message(0x0a, () => void w.latin1(0x0a, key)));
  const r = new Reader(await client.call("/etcdserverpb.KV/Txn", w.finish()));
  let succeeded = false;
  let revision = 0;
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) revision = revisionOf(r.message());
    else if (tag === 0x10) succeeded = r.bool();
    else r.skip(tag);
  }
  return { succeeded, revision };
}

/** A page of a list: up to `limit` keys from `key` on, of those that begin with `prefix`. */
export function page(client: StoreClient, key: string, prefix: string, limit: number): Promise<Buffer> {
  const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
  return client.call("/etcdserverpb.KV/Range", new Writer().latin1(0x0a, key).latin1(0x12, end).int(0x18, limit).finish());
}

/** Many puts in one transaction, to fill a store quickly. */
export async function putMany(client: StoreClient, keys: readonly string[], value: string): Promise<void> {
  const w = new Writer(keys.length * (value.length + 64));
  for (const key of keys) w.message(0x12, () => void w.message(0x12, () => void w.latin1(0x0a, key).latin1(0x12, value)));
  await client.call("/etcdserverpb.KV/Txn", w.finish());
}

/** Watches a prefix; `onEvents` hears how many events came. Resolves when the watch is there. */
export async function watchPrefix(client: StoreClient, prefix: string, onEvents: (count: number) => void): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onMessage = (message: Buffer) => {
    const r = new Reader(message);
    let events = 0;
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === 0x18 && r.bool()) resolve();
      else if (tag === 0x5a) {
        events++;
        r.skip(tag);
      } else if (tag !== 0x18) r.skip(tag);
    }
    if (events > 0) onEvents(events);
  };
  const call = startCall(await client.session(), "/etcdserverpb.Watch/Watch", {}, onMessage, () => {});
  const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
  const w = new Writer();
  w.message(0x0a, () => void w.latin1(0x0a, prefix).latin1(0x12, end));
  call.sendFramed(frame(w.finish()));
  await promise;
  return () => call.cancel();
}

/** Asks the leader to hand over to another member. */
export const moveLeader = (leader: StoreClient, target: string) =>
  leader.call("/etcdserverpb.Maintenance/MoveLeader", new Writer().id(0x08, target).finish());

export async function memberId(client: StoreClient): Promise<string> {
  const r = new Reader(await client.call("/etcdserverpb.Maintenance/Status", Buffer.alloc(0)));
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag !== 0x0a) {
      r.skip(tag);
      continue;
    }
    const header = r.message();
    for (let field = header.tag(); field !== 0; field = header.tag()) {
      if (field === 0x10) return header.uid();
      header.skip(field);
    }
  }
  throw new Error("a member without an id");
}

/** The term, to see whether there was an election. */
export async function termOf(client: StoreClient): Promise<number> {
  const r = new Reader(await client.call("/etcdserverpb.Maintenance/Status", Buffer.alloc(0)));
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x30) return r.int();
    r.skip(tag);
  }
  return 0;
}

function revisionOf(header: Reader): number {
  for (let field = header.tag(); field !== 0; field = header.tag()) {
    if (field === 0x18) return header.int();
    header.skip(field);
  }
  return 0;
}
