import { createHash } from "node:crypto";
import { hashKv } from "@flotilla/mvcc";
import type { AlarmRequest } from "@flotilla/rpc/gen/etcd/rpc.ts";
import { decode, encode } from "../codec/tables.ts";
import type { Router, UnaryCall } from "../grpc/server.ts";
import { rpcError, toRpcError } from "../node/errors.ts";
import { exportSnapshot } from "../storage/snapshot.ts";
import { SERVER_VERSION } from "../version.ts";
import { type ApiContext, answering, headerOf, reply } from "./context.ts";

const ALARM_NAMES = ["NONE", "NOSPACE", "CORRUPT"];
/** Snapshots end in a SHA-256 behind a multiple of this: etcdctl recognises it so. */
const SNAPSHOT_ALIGN_BYTES = 512;
const TRANSFER_POLL_MS = 5;
const TRANSFER_TIMEOUT_MS = 3000;

/** etcdserverpb.Maintenance. */
export function serveMaintenance(router: Router, c: ApiContext): void {
  const { replica } = c;
  const { machine } = replica;
  const method = (name: string, run: (request: Buffer, call: UnaryCall) => Promise<void>) =>
    router.unary(`/etcdserverpb.Maintenance/${name}`, answering(run));

  const alarms = () => [...machine.alarms].flatMap(([id, set]) => [...set].map((alarm) => ({ memberID: String(id), alarm })));

  method("Status", async (_request, call) => {
    const status = replica.node.status();
    const errors = status.leader === 0 ? ["etcdserver: no leader"] : [];
    for (const { memberID, alarm } of alarms()) errors.push(`memberID:${memberID} alarm:${ALARM_NAMES[alarm]} `);
    reply(c, call, "StatusResponse", {
      version: SERVER_VERSION,
      dbSize: machine.store.bytes,
      dbSizeInUse: machine.store.bytes,
      leader: String(status.leader),
      raftIndex: status.committed,
      raftTerm: status.term,
      raftAppliedIndex: machine.applied,
      errors,
      isLearner: machine.members.get(status.id)?.isLearner ?? false,
    });
  });

  method("Alarm", async (request, call) => {
    const { action, memberID, alarm } = decode<AlarmRequest>("AlarmRequest", request);
    if (action === 0) return reply(c, call, "AlarmResponse", { alarms: alarms() });
    const targets = memberID === "0" ? alarms().filter((a) => alarm === 0 || a.alarm === alarm) : [{ memberID, alarm }];
    for (const target of targets) {
      const entry = { memberId: Number(target.memberID), alarm: target.alarm, on: action === 1 };
      await new Promise<void>((resolve, reject) => {
        replica.propose("alarm", Buffer.from(JSON.stringify(entry)), undefined, (r) => (r instanceof Error ? reject(r) : resolve()));
      });
    }
    reply(c, call, "AlarmResponse", { alarms: targets });
  });

  // Nothing to do: the store holds no free pages.
  method("Defragment", async (_request, call) => reply(c, call, "DefragmentResponse", {}));

  method("Hash", async (_request, call) => reply(c, call, "HashResponse", { hash: hashKv(machine.store, 0) }));

  method("HashKV", async (request, call) => {
    try {
      const { revision } = decode<{ revision: number }>("HashKVRequest", request);
      reply(c, call, "HashKVResponse", { hash: hashKv(machine.store, revision), compactRevision: machine.store.compacted });
    } catch (error) {
      throw toRpcError(error);
    }
  });

  method("MoveLeader", async (request, call) => {
    if (!replica.isLeader) throw rpcError("notLeader");
    const target = Number(decode<{ targetID: string }>("MoveLeaderRequest", request).targetID);
    if (!replica.node.conf.voters.includes(target)) throw rpcError("badTransferee");
    if (target !== replica.leaderId) {
      if (!replica.node.transferLeader(target)) throw rpcError("badTransferee");
      replica.schedule();
      await transferred(c, target);
    }
    reply(c, call, "MoveLeaderResponse", {});
  });

  router.streaming("/etcdserverpb.Maintenance/Snapshot", (call) => {
    let drained = () => {};
    call.onDrain = () => drained();
    call.onClose = () => drained();
    call.onMessage = () => {
      const meta = { index: machine.applied, term: machine.appliedTerm, conf: replica.node.conf };
      const pieces = exportSnapshot(machine, meta, c.clusterId);
      void (async () => {
        const hash = createHash("sha256");
        let sent = 0;
        const send = async (blob: Buffer, remainingBytes: number) => {
          call.send(encode("SnapshotResponse", { header: headerOf(c), remainingBytes, blob }).finish());
          if (!call.writable) await new Promise<void>((next) => (drained = next));
        };
        for (const piece of pieces) {
          hash.update(piece);
          sent += piece.length;
          await send(piece, Math.max(1, machine.store.bytes - sent));
        }
        const padding = Buffer.alloc((SNAPSHOT_ALIGN_BYTES - (sent % SNAPSHOT_ALIGN_BYTES)) % SNAPSHOT_ALIGN_BYTES);
        hash.update(padding);
        await send(Buffer.concat([padding, hash.digest()]), 0);
        call.end();
      })();
    };
  });
}

async function transferred(c: ApiContext, target: number): Promise<void> {
  for (let waited = 0; waited < TRANSFER_TIMEOUT_MS; waited += TRANSFER_POLL_MS) {
    if (c.replica.leaderId === target) return;
    await new Promise<void>((resolve) => void c.clock.setTimeout(resolve, TRANSFER_POLL_MS));
  }
  throw rpcError("timeoutLeaderFail");
}
