import { rpcError } from "../node/errors.ts";
import { NOSPACE } from "../node/machine.ts";
import type { ApiContext } from "./context.ts";

/**
 * Refuses writes when the store is full and raises the alarm that keeps all
 * members refusing until it is disarmed, as etcd does.
 */
export function checkQuota(c: ApiContext, request_bytes: number): void {
  const { machine } = c.replica;
  if (machine.hasNoSpace) throw rpcError("noSpace");
  if (c.limits.quota_bytes <= 0 || machine.store.bytes + request_bytes <= c.limits.quota_bytes) return;
  const entry = { memberId: Number(c.memberId), alarm: NOSPACE, on: true };
  c.replica.propose("alarm", Buffer.from(JSON.stringify(entry)), undefined, () => {});
  throw rpcError("noSpace");
}
