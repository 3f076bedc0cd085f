import type { KeyValue } from "@flotilla/rpc/gen/etcd/kv.ts";
import { Compare_CompareResult, Compare_CompareTarget, RangeRequest, TxnRequest, type TxnResponse } from "@flotilla/rpc/gen/etcd/rpc.ts";

/** `request`, if the key still stands at `revision` (0: does not exist); else the key's present value. */
export function guarded(key: Buffer, revision: number, request: TxnRequest["success"][number]["request"]): TxnRequest {
  const read = RangeRequest.fromPartial({ key });
  return TxnRequest.fromPartial({
    compare: [
      {
        result: Compare_CompareResult.EQUAL,
        target: Compare_CompareTarget.MOD,
        key,
        targetUnion: { $case: "modRevision", value: revision },
      },
    ],
    success: [{ request }],
    failure: [{ request: { $case: "requestRange", value: read } }],
  });
}

/** What a refused `guarded` found instead. */
export function currentOf(response: TxnResponse): KeyValue | undefined {
  const [first] = response.responses;
  return first?.response?.$case === "responseRange" ? first.response.value.kvs[0] : undefined;
}

/** "/registry/pods/default/a" → "pods". */
export function folderOf(key: string): string {
  const end = key.indexOf("/", 10);
  return end < 0 ? key.slice(10) : key.slice(10, end);
}

export function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1]!++;
  return end;
}
