import { hashKv } from "@flotilla/mvcc";
import type { AlarmRequest } from "@flotilla/rpc/gen/etcd/rpc.ts";
import type { AuthInfo } from "../auth/types.ts";
import { decode } from "../codec/tables.ts";
import type { Router, UnaryCall } from "../grpc/server.ts";
import { rpcError, toRpcError } from "../node/errors.ts";
import { ALARM_NAMES } from "../node/machine.ts";
import { SERVER_VERSION } from "../version.ts";
import { type ApiContext, answering, reply } from "./context.ts";
import { downgrade } from "./downgrade.ts";
import { serveSnapshot } from "./snapshot.ts";

const TRANSFER_POLL_MS = 5;
const TRANSFER_TIMEOUT_MS = 3000;

/** etcdserverpb.Maintenance. */
export function serveMaintenance(router: Router, c: ApiContext): void {
  const { replica } = c;
  const { machine } = replica;
  const method = (name: string, run: (request: Buffer, call: UnaryCall, who: AuthInfo) => Promise<void>) =>
    router.unary(`/etcdserverpb.Maintenance/${name}`, answering(c, run));
  const admin = (name: string, run: (request: Buffer, call: UnaryCall) => Promise<void>) =>
    method(name, async (request, call, who) => {
      machine.auth.requireAdmin(who);
      await run(request, call);
    });

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

  method("Alarm", async (request, call, who) => {
    const { action, memberID, alarm } = decode<AlarmRequest>("AlarmRequest", request);
    if (action === 0) return reply(c, call, "AlarmResponse", { alarms: alarms() });
    machine.auth.requireAdmin(who);
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
  admin("Defragment", async (_request, call) => reply(c, call, "DefragmentResponse", {}));

  admin("Hash", async (_request, call) => reply(c, call, "HashResponse", { hash: hashKv(machine.store, 0) }));

  admin("HashKV", async (request, call) => {
    try {
      const { revision } = decode<{ revision: number }>("HashKVRequest", request);
      reply(c, call, "HashKVResponse", { hash: hashKv(machine.store, revision), compactRevision: machine.store.compacted });
    } catch (error) {
      throw toRpcError(error);
    }
  });

  admin("MoveLeader", async (request, call) => {
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

  router.unary(
    "/etcdserverpb.Maintenance/Downgrade",
    answering(c, (request, call, who) => downgrade(c, request, call, who)),
  );
  serveSnapshot(router, c);
}

async function transferred(c: ApiContext, target: number): Promise<void> {
  for (let waited = 0; waited < TRANSFER_TIMEOUT_MS; waited += TRANSFER_POLL_MS) {
    if (c.replica.leaderId === target) return;
    await new Promise<void>((resolve) => void c.clock.setTimeout(resolve, TRANSFER_POLL_MS));
  }
  throw rpcError("timeoutLeaderFail");
}
