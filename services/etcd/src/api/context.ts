import type { Clock, Random } from "@flotilla/base";
import type { HeaderWriter } from "../codec/kv-responses.ts";
import { encode, type MessageName } from "../codec/tables.ts";
import type { UnaryCall } from "../grpc/server.ts";
import type { Replica } from "../node/replica.ts";
import type { PeerTransport } from "../peer/transport.ts";

/** What every service of the client API works with. */
export interface ApiContext {
  readonly replica: Replica;
  readonly peers: PeerTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly clusterId: string;
  readonly memberId: string;
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

/** Runs an async handler; what it throws is the call's error. */
export const answering =
  (handler: (request: Buffer, call: UnaryCall) => Promise<void>) =>
  (request: Buffer, call: UnaryCall): void => {
    handler(request, call).catch((error) => call.fail(error));
  };
