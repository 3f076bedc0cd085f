import type { Clock, Random } from "@flotilla/base";
import { sign } from "../auth/signed.ts";
import type { AuthInfo } from "../auth/types.ts";
import type { CommandKind } from "../codec/command.ts";
import type { HeaderWriter } from "../codec/kv-responses.ts";
import { encode, type MessageName } from "../codec/tables.ts";
import type { UnaryCall } from "../grpc/server.ts";
import type { Result } from "../node/machine.ts";
import type { Replica } from "../node/replica.ts";
import type { PeerTransport } from "../peer/transport.ts";
import type { Access } from "./access.ts";

/** What every service of the client API works with. */
export interface ApiContext {
  readonly replica: Replica;
  readonly peers: PeerTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly clusterId: string;
  readonly memberId: string;
  readonly access: Access;
  readonly header: HeaderWriter;
  readonly limits: { request_bytes_max: number; txnOps_max: number; quota_bytes: number };
}

export const headerOf = (c: ApiContext, revision = c.replica.machine.store.revision) => ({
  clusterId: c.clusterId,
  memberId: c.memberId,
  revision,
  raftTerm: c.replica.node.term,
});

/** Answers with a message of the tables; the header is added. */
export function reply(c: ApiContext, call: UnaryCall, message: MessageName, value: object): void {
  call.reply(encode(message, { header: headerOf(c), ...value }).finish());
}

export const linearizable = (c: ApiContext): Promise<void> =>
  new Promise((resolve, reject) => c.replica.linearizable((error) => (error ? reject(error) : resolve())));

/** Replicates a command for somebody; whether they may is decided when it is applied. */
export function propose(
  c: ApiContext,
  who: AuthInfo,
  kind: CommandKind,
  payload: Buffer,
  decoded: unknown,
  done: (result: Result | Error) => void,
): void {
  if (who.user === "") c.replica.propose(kind, payload, decoded, done);
  else c.replica.propose("signed", sign(who, kind, payload), decoded, done);
}

/** The same as a promise. @throws RpcError. */
export const proposed = (c: ApiContext, who: AuthInfo, kind: CommandKind, payload: Buffer): Promise<Result> =>
  new Promise((resolve, reject) => propose(c, who, kind, payload, undefined, (r) => (r instanceof Error ? reject(r) : resolve(r))));

/** Runs an async handler for whoever calls; what it throws is the call's error. */
export const answering =
  (c: ApiContext, handler: (request: Buffer, call: UnaryCall, who: AuthInfo) => Promise<void>) =>
  (request: Buffer, call: UnaryCall): void => {
    c.access
      .identify(call)
      .then((who) => handler(request, call, who))
      .catch((error) => call.fail(error));
  };
