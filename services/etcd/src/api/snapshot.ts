import { createHash } from "node:crypto";
import { encode } from "../codec/tables.ts";
import type { Router, StreamCall } from "../grpc/server.ts";
import { exportSnapshot } from "../storage/snapshot.ts";
import { type ApiContext, headerOf } from "./context.ts";

/** Snapshots end in a SHA-256 behind a multiple of this: etcdctl recognises it so. */
const SNAPSHOT_ALIGN_BYTES = 512;

/** Maintenance.Snapshot: the whole store in pieces, and a checksum of all of them at the end. */
export function serveSnapshot(router: Router, c: ApiContext): void {
  router.streaming("/etcdserverpb.Maintenance/Snapshot", (call) => {
    call.onMessage = () =>
      c.access.run(call, (who) => {
        c.replica.machine.auth.requireAdmin(who);
        stream(c, call).catch((error) => call.fail(error));
      });
  });
}

async function stream(c: ApiContext, call: StreamCall): Promise<void> {
  const { machine, node } = c.replica;
  const meta = { index: machine.applied, term: machine.appliedTerm, conf: node.conf };
  const pieces = exportSnapshot(machine, meta, c.clusterId);
  let closed = false;
  let next = () => {};
  call.onDrain = () => next();
  call.onClose = () => {
    closed = true;
    next();
  };
  const send = async (blob: Buffer, remainingBytes: number) => {
    call.send(encode("SnapshotResponse", { header: headerOf(c), remainingBytes, blob }).finish());
    if (!call.writable && !closed) {
      await new Promise<void>((resolve) => {
        next = resolve;
      });
    }
  };
  try {
    const hash = createHash("sha256");
    const total = machine.store.bytes;
    let sent = 0;
    for (const piece of pieces) {
      if (closed) return;
      hash.update(piece);
      sent += piece.length;
      await send(piece, Math.max(1, total - sent));
    }
    const padding = Buffer.alloc((SNAPSHOT_ALIGN_BYTES - (sent % SNAPSHOT_ALIGN_BYTES)) % SNAPSHOT_ALIGN_BYTES);
    hash.update(padding);
    await send(Buffer.concat([padding, hash.digest()]), 0);
    call.end();
  } finally {
    // A client that has gone must not keep the store from compacting.
    pieces.return(undefined);
  }
}
