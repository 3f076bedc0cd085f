import type { IncomingHttpHeaders } from "node:http2";
import type { Clock, Timer } from "@flotilla/base";
import { rangeOf } from "../codec/kv-requests.ts";
import { Router, type StreamCall, type StreamHandler, type UnaryHandler } from "../grpc/server.ts";
import { rpcError } from "../node/errors.ts";
import type { Replica } from "../node/replica.ts";

/** Leaderless for this many checks in a row: streams that need a leader end. */
const MISSED_MAX = 3;

const RANGE = "/etcdserverpb.KV/Range";
const STATUS = "/etcdserverpb.Maintenance/Status";
const SNAPSHOT = "/etcdserverpb.Maintenance/Snapshot";
const HEALTH = "/grpc.health.v1.Health/";

/** Clients that want no answer from a member without a leader say so (etcd's WithRequireLeader). */
const needsLeader = (headers: IncomingHttpHeaders) => headers["hasleader"] === "true";

/**
 * The client API's router: in front of every method stands what holds for all of
 * them. A learner serves only what cannot be stale without saying so, and calls
 * that need a leader fail or end when there is none.
 */
export class ClientRouter extends Router {
  private readonly replica: Replica;
  private readonly needy = new Set<StreamCall>();
  private readonly timer: Timer;

  constructor(message_bytes_max: number, replica: Replica, clock: Clock, election_ms: number) {
    super(message_bytes_max);
    this.replica = replica;
    let missed = 0;
    this.timer = clock.setInterval(() => {
      missed = replica.node.leader === 0 ? missed + 1 : 0;
      if (missed < MISSED_MAX) return;
      for (const call of this.needy) call.fail(rpcError("noLeader"));
      this.needy.clear();
    }, election_ms);
  }

  override unary(path: string, handler: UnaryHandler): void {
    super.unary(path, (request, call) => {
      if (this.isLearner && !isForLearners(path, request)) throw rpcError("notLearnerCapable");
      this.checkLeader(call.headers);
      handler(request, call);
    });
  }

  override streaming(path: string, handler: StreamHandler, type?: "bidi_stream" | "server_stream"): void {
    super.streaming(
      path,
      (call) => {
        if (this.isLearner && path !== SNAPSHOT) throw rpcError("notLearnerCapable");
        this.checkLeader(call.headers);
        handler(call);
        if (needsLeader(call.headers)) this.follow(call);
      },
      type,
    );
  }

  stop(): void {
    this.timer.cancel();
  }

  private follow(call: StreamCall): void {
    this.needy.add(call);
    const { onClose } = call;
    call.onClose = () => {
      this.needy.delete(call);
      onClose();
    };
  }

  private checkLeader(headers: IncomingHttpHeaders): void {
    if (needsLeader(headers) && this.replica.node.leader === 0) throw rpcError("noLeader");
  }

  private get isLearner(): boolean {
    const { machine, node } = this.replica;
    return machine.members.get(node.status().id)?.isLearner === true;
  }
}

/** The state of the member itself, and reads that do not claim to be the newest. */
function isForLearners(path: string, request: Buffer): boolean {
  if (path === RANGE) return rangeOf(request).serializable;
  return path === STATUS || path.startsWith(HEALTH);
}
