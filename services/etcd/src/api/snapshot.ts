import { createHash } from "node:crypto";
import { encode } from "../codec/tables.ts";
import type { Router, StreamCall } from "../grpc/server.ts";
import { bucketsOf, versionsByRevision } from "../restore/backend.ts";
import { boltSize, writeBolt } from "../restore/bolt/writer.ts";
import { type ApiContext, headerOf } from "./context.ts";

/**
 * Maintenance.Snapshot: the store as etcd's own database would hold it, so that
 * etcdctl can look into what it saved, and etcd can start from it. A SHA-256 of
 * everything comes last.
 */
export function serveSnapshot(router: Router, c: ApiContext): void {
  router.streaming(
    "/etcdserverpb.Maintenance/Snapshot",
    (call) => {
      const client = { gone: false, wake: () => {} };
      call.onDrain = () => client.wake();
      call.onClose = () => {
        client.gone = true;
        client.wake();
      };
      call.onMessage = () =>
        c.access.run(call, (who) => {
          c.replica.machine.auth.requireAdmin(who);
          stream(c, call, client).catch((error) => call.fail(error));
        });
    },
    "server_stream",
  );
}

async function stream(c: ApiContext, call: StreamCall, client: { gone: boolean; wake: () => void }): Promise<void> {
  const { machine } = c.replica;
  const turn = () => new Promise<void>((resolve) => void c.clock.setTimeout(resolve, 0));
  const send = async (blob: Buffer, remainingBytes: number) => {
    call.send(encode("SnapshotResponse", { header: headerOf(c), remainingBytes, blob }).finish());
    if (call.writable || client.gone) return turn();
    await new Promise<void>((resolve) => {
      client.wake = resolve;
    });
  };
  // Versions never change: what is listed now stays as it is, whatever is written meanwhile, if it is held.
  const release = machine.store.hold();
  try {
    const buckets = bucketsOf(machine, versionsByRevision(machine.store));
    const hash = createHash("sha256");
    let remaining = boltSize(buckets);
    for (const piece of writeBolt(buckets)) {
      hash.update(piece);
      remaining -= piece.length;
      await send(piece, remaining);
      if (client.gone) return;
    }
    await send(hash.digest(), 0);
    call.end();
  } finally {
    release();
  }
}
