import { range, txn } from "@flotilla/mvcc";
import type { AuthInfo } from "../auth/types.ts";
import type { CommandKind } from "../codec/command.ts";
import { compactOf, deleteOf, putOf, type RangeRequest, rangeOf, txnOf } from "../codec/kv-requests.ts";
import { framed, writeDelete, writePut, writeRange, writeTxn } from "../codec/kv-responses.ts";
import type { Router, UnaryCall } from "../grpc/server.ts";
import { rpcError, toRpcError } from "../node/errors.ts";
import type { Result } from "../node/machine.ts";
import { type ApiContext, propose } from "./context.ts";
import { checkPut, checkRange, checkTxn, isReadOnly, isSerializable } from "./kv-checks.ts";
import { checkQuota } from "./quota.ts";

/** etcdserverpb.KV: reads from the store, writes through the log. */
export function serveKv(router: Router, c: ApiContext): void {
  const { machine } = c.replica;
  const write = (call: UnaryCall, kind: CommandKind, request: Buffer, decoded: unknown, answer: (r: Result) => void) => {
    if (request.length > c.limits.request_bytes_max) throw rpcError("requestTooLarge");
    // The payload stays in the log: it must not hold the connection's buffer.
    c.access.run(call, (who) =>
      propose(c, who, kind, request, decoded, (result) => {
        if (result instanceof Error) call.fail(result);
        else answer(result);
      }),
    );
  };

  router.unary("/etcdserverpb.KV/Range", (request, call) => {
    const q = rangeOf(request);
    checkRange(q);
    c.access.run(call, (who) => {
      if (q.serializable) return answerRange(c, call, who, q);
      c.replica.linearizable((error) => (error ? call.fail(error) : answerRange(c, call, who, q)));
    });
  });

  router.unary("/etcdserverpb.KV/Put", (request, call) => {
    const op = putOf(request);
    checkPut(op);
    checkQuota(c, request.length);
    write(call, "put", request, op, (result) => {
      const prev = op.prevKv && result.kind === "put" ? result.prev : undefined;
      call.replyFramed(
        framed(64 + (prev ? prev.key.length + prev.size : 0), (w) => {
          writePut(c.header.write(w, machine.store.revision, c.replica.node.term), prev);
        }),
      );
    });
  });

  router.unary("/etcdserverpb.KV/DeleteRange", (request, call) => {
    const op = deleteOf(request);
    checkRange(op);
    write(call, "delete", request, op, (result) => {
      if (result.kind !== "delete") return;
      call.replyFramed(
        framed(64, (w) => {
          c.header.write(w, machine.store.revision, c.replica.node.term);
          writeDelete(w, result.deleted, op.prevKv ? result.prev : []);
        }),
      );
    });
  });

  router.unary("/etcdserverpb.KV/Txn", (request, call) => {
    const op = txnOf(request);
    checkTxn(op, c.limits.txnOps_max);
    if (isReadOnly(op)) {
      const run = (who: AuthInfo) => {
        try {
          c.access.rights(who)?.txn(op);
          answerTxn(c, call, txn(machine, op));
        } catch (error) {
          call.fail(toRpcError(error));
        }
      };
      return c.access.run(call, (who) => {
        if (isSerializable(op)) return run(who);
        c.replica.linearizable((error) => (error ? call.fail(error) : run(who)));
      });
    }
    checkQuota(c, request.length);
    write(call, "txn", request, op, (result) => {
      if (result.kind === "txn") answerTxn(c, call, result.txn);
    });
  });

  router.unary("/etcdserverpb.KV/Compact", (request, call) => {
    c.access.run(call, (who) => {
      machine.auth.requireUser(who);
      write(call, "compact", request, compactOf(request), () => {
        call.replyFramed(framed(48, (w) => c.header.write(w, machine.store.revision, c.replica.node.term)));
      });
    });
  });
}

function answerRange(c: ApiContext, call: UnaryCall, who: AuthInfo, q: RangeRequest): void {
  const { store, auth, counts } = c.replica.machine;
  counts.ranges++;
  try {
    auth.requireRead(who, q);
    const result = range(store, q);
    let size = 64;
    for (const v of result.kvs) size += v.key.length + (q.keysOnly ? 0 : v.size) + 48;
    call.replyFramed(
      framed(size, (w) => {
        c.header.write(w, store.revision, c.replica.node.term);
        writeRange(w, result, q.keysOnly);
      }),
    );
  } catch (error) {
    call.fail(toRpcError(error));
  }
}

function answerTxn(c: ApiContext, call: UnaryCall, result: Parameters<typeof writeTxn>[1]): void {
  call.replyFramed(
    framed(256, (w) => {
      c.header.write(w, result.revision, c.replica.node.term);
      writeTxn(w, result);
    }),
  );
}
