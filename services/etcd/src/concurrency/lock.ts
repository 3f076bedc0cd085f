import type * as pb from "@flotilla/rpc/gen/etcd/v3lock.ts";
import { type ApiContext, proposed, reply } from "../api/context.ts";
import { decode } from "../codec/tables.ts";
import type { Router } from "../grpc/server.ts";
import { Code, RpcError } from "../grpc/status.ts";
import { Writer } from "../wire/writer.ts";
import { contenderKey, ifCreatedAt, prefixOf } from "./requests.ts";
import { serveCalls } from "./serve.ts";
import { type Session, waitForTurn } from "./session.ts";

/**
 * v3lockpb.Lock: a lock is a key that lives as long as its owner's lease. Who
 * comes first owns it; the others stand in a queue ordered by create revision.
 */
export function serveLock(router: Router, c: ApiContext): void {
  const method = serveCalls(router, c, "v3lockpb.Lock");

  method("Lock", async (request, call, session) => {
    const { name, lease } = decode<pb.LockRequest>("LockRequest", request);
    const key = await acquire(session, prefixOf(name), lease);
    reply(c, call, "LockResponse", { key: Buffer.from(key, "latin1") });
  });

  method("Unlock", async (request, call, session) => {
    const { key } = decode<pb.UnlockRequest>("UnlockRequest", request);
    await release(session, key.toString("latin1"));
    reply(c, call, "UnlockResponse", {});
  });
}

/** Returns the key that stands for the ownership. @throws RpcError; nothing is left behind then. */
async function acquire(session: Session, prefix: string, given: string): Promise<string> {
  const lease = await session.lease(given);
  const key = contenderKey(prefix, lease);
  const own = await session.txn(
    ifCreatedAt(key, 0, {
      yes: [{ put: key, value: "", lease }, { first: prefix }],
      no: [{ get: key }, { first: prefix }],
    }),
  );
  const [mine, first] = own.responses;
  const created = own.succeeded || mine?.kind !== "range" ? own.revision : mine.range.kvs[0]!.create;
  if (first?.kind === "range" && first.range.kvs[0]?.create === created) return key;
  try {
    await waitForTurn(session, prefix, created);
    // The lease may have ended while waiting, and the place in the queue with it.
    if (!(await session.get(key))) throw new RpcError(Code.UNKNOWN, "mutex: session is expired");
    return key;
  } catch (error) {
    await release(session, key).catch(() => {});
    throw error;
  }
}

const release = ({ c, who }: Session, key: string) => proposed(c, who, "delete", new Writer().latin1(0x0a, key).finish());
