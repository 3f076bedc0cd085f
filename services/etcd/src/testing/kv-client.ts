/** etcd's KV and Watch as the linearizability checker speaks of them. */

import type { Event } from "@flotilla/rpc/gen/etcd/kv.ts";
import * as rpc from "@flotilla/rpc/gen/etcd/rpc.ts";
import { type Compare, RangeResponse, TxnRequest, TxnResponse } from "@flotilla/rpc/gen/etcd/rpc.ts";
import type { KvCompare, KvInput, KvOutput, KvStep, WatchedEvent, WatchResponse } from "@flotilla/testing/linearizability/index.ts";
import { startCall } from "../grpc/client.ts";
import { frame } from "../grpc/frames.ts";
import type { StoreClient } from "./client.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");
const textOf = (buffer: Uint8Array) => Buffer.from(buffer).toString("latin1");

/** One call; rejects when it was not answered well: then its outcome is unknown. `stale`: gets are serializable only. */
export async function execute(client: StoreClient, input: KvInput, stale = false): Promise<KvOutput> {
  const ask = async (method: string, request: Uint8Array) => client.call(`/etcdserverpb.KV/${method}`, request);
  switch (input.kind) {
    case "get":
      return seen(RangeResponse.decode(await ask("Range", rpc.RangeRequest.encode(rangeOf(input.key, stale)).finish())));
    case "put": {
      const answer = rpc.PutResponse.decode(await ask("Put", rpc.PutRequest.encode(putOf(input.key, input.value)).finish()));
      return { kind: "put", revision: answer.header!.revision };
    }
    case "delete": {
      const answer = rpc.DeleteRangeResponse.decode(await ask("DeleteRange", rpc.DeleteRangeRequest.encode(deleteOf(input.key)).finish()));
      return { kind: "delete", deleted: answer.deleted, revision: answer.header!.revision };
    }
    case "txn": {
      const request = TxnRequest.create({
        compare: input.compare.map(compareOf),
        success: input.success.map(opOf),
        failure: input.failure.map(opOf),
      });
      const answer = TxnResponse.decode(await ask("Txn", TxnRequest.encode(request).finish()));
      const responses = answer.responses.map(({ response }): KvOutput => {
        if (response?.$case === "responseRange") return withoutRevision(seen(response.value));
        if (response?.$case === "responseDeleteRange") return { kind: "delete", deleted: response.value.deleted };
        return { kind: "put" };
      });
      return { kind: "txn", succeeded: answer.succeeded, responses, revision: answer.header!.revision };
    }
  }
}

const rangeOf = (key: string, serializable = false) => rpc.RangeRequest.create({ key: bytes(key), serializable });
const putOf = (key: string, value: string) => rpc.PutRequest.create({ key: bytes(key), value: bytes(value) });
const deleteOf = (key: string) => rpc.DeleteRangeRequest.create({ key: bytes(key) });

function opOf(step: KvStep): rpc.RequestOp {
  switch (step.kind) {
    case "get":
      return { request: { $case: "requestRange", value: rangeOf(step.key) } };
    case "put":
      return { request: { $case: "requestPut", value: putOf(step.key, step.value) } };
    case "delete":
      return { request: { $case: "requestDeleteRange", value: deleteOf(step.key) } };
  }
}

const RESULTS = { equal: 0, greater: 1, less: 2, "not-equal": 3 } as const;

function compareOf({ key, target, result = "equal", operand }: KvCompare): Compare {
  const base = { key: bytes(key), rangeEnd: Buffer.alloc(0), result: RESULTS[result] };
  switch (target) {
    case "version":
      return { ...base, target: 0, targetUnion: { $case: "version", value: Number(operand) } };
    case "create":
      return { ...base, target: 1, targetUnion: { $case: "createRevision", value: Number(operand) } };
    case "mod":
      return { ...base, target: 2, targetUnion: { $case: "modRevision", value: Number(operand) } };
    case "value":
      return { ...base, target: 3, targetUnion: { $case: "value", value: bytes(String(operand)) } };
  }
}

function seen({ kvs, header }: RangeResponse): KvOutput & { kind: "get" } {
  const [kv] = kvs;
  const revision = header?.revision;
  if (!kv) return { kind: "get", value: null, revision };
  return { kind: "get", value: textOf(kv.value), mod: kv.modRevision, create: kv.createRevision, version: kv.version, revision };
}

function withoutRevision({ revision: _, ...output }: KvOutput & { kind: "get" }): KvOutput {
  return output;
}

export interface Watching {
  cancel(): void;
  /** Resolves when the stream is over, whoever ended it. */
  readonly ended: Promise<void>;
}

/** Watches [key, end) from revision `start`. */
export async function watch(
  client: StoreClient,
  { key, end, start }: { key: string; end: string; start: number },
  onResponse: (response: WatchResponse) => void,
): Promise<Watching> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onMessage = (message: Buffer) => {
    const r = rpc.WatchResponse.decode(message);
    if (r.canceled) return call.cancel();
    if (!r.created) onResponse({ revision: r.header!.revision, events: r.events.map(eventOf), fragment: r.fragment });
  };
  const call = startCall(await client.session(), "/etcdserverpb.Watch/Watch", {}, onMessage, () => resolve());
  const create = rpc.WatchCreateRequest.create({ key: bytes(key), rangeEnd: bytes(end), startRevision: start, prevKv: true });
  call.sendFramed(frame(rpc.WatchRequest.encode({ requestUnion: { $case: "createRequest", value: create } }).finish()));
  return { cancel: () => call.cancel(), ended: promise };
}

function eventOf({ type, kv, prevKv }: Event): WatchedEvent {
  const prev = prevKv ? textOf(prevKv.value) : null;
  const base = { key: textOf(kv!.key), mod: kv!.modRevision, prev };
  return type === 1 ? { type: "delete", ...base } : { type: "put", value: textOf(kv!.value), ...base };
}
