import type { DowngradeRequest } from "@flotilla/rpc/gen/etcd/rpc.ts";
import type { AuthInfo } from "../auth/types.ts";
import { decode } from "../codec/tables.ts";
import type { UnaryCall } from "../grpc/server.ts";
import { rpcError } from "../node/errors.ts";
import { CLUSTER_VERSION } from "../version.ts";
import { type ApiContext, linearizable, proposed, reply } from "./context.ts";

const VALIDATE = 0;
const CANCEL = 2;

/**
 * Maintenance.Downgrade: announces that the members will be replaced by ones of
 * the minor version before. The announcement is all there is to it, in etcd 3.5
 * as here: the cluster's version follows when the last member has been replaced.
 */
export async function downgrade(c: ApiContext, request: Buffer, call: UnaryCall, who: AuthInfo): Promise<void> {
  const { machine } = c.replica;
  machine.auth.requireAdmin(who);
  const { action, version } = decode<DowngradeRequest>("DowngradeRequest", request);
  await linearizable(c);
  const announce = (target: string) => proposed(c, who, "downgrade", Buffer.from(JSON.stringify({ target })));
  if ((action as number) === CANCEL) {
    if (machine.downgrade === "") throw rpcError("noInflightDowngrade");
    await announce("");
  } else {
    const target = clusterVersion(version);
    if (target !== oneMinorBelow(CLUSTER_VERSION)) throw rpcError("invalidDowngradeTarget");
    if (machine.downgrade !== "") throw rpcError("downgradeInProcess");
    if ((action as number) !== VALIDATE) await announce(target);
  }
  reply(c, call, "DowngradeResponse", { version: CLUSTER_VERSION });
}

/** "3.4" and "3.4.0" alike. @throws RpcError when it is no version. */
function clusterVersion(text: string): string {
  const [, major, minor] = /^(\d+)\.(\d+)(?:\.\d+)?$/.exec(text) ?? [];
  if (major === undefined) throw rpcError("wrongDowngradeVersion");
  return `${major}.${minor}.0`;
}

function oneMinorBelow(version: string): string {
  const [major, minor] = version.split(".");
  return `${major}.${Number(minor) - 1}.0`;
}
