import type { Core, LeaderRole } from "./core.ts";
import type { NodeId } from "./message.ts";
import { sendAppend } from "./replication.ts";

/** Leadership transfer (dissertation §3.10): bring the target up to date, then tell it to campaign at once. */
export function startTransfer(core: Core, role: LeaderRole, to: NodeId): boolean {
  if (to === core.settings.id || !core.conf.voters.includes(to)) return false;
  if (role.transfer) return role.transfer.to === to;
  // Its successor need not wait for anybody's time-out.
  role.lease = undefined;
  role.transfer = { to, waited_ticks: 0, held: [] };
  maybeSendTimeoutNow(core, role);
  const progress = role.progress.get(to);
  if (progress && progress.match < core.log.lastIndex) sendAppend(core, to, progress, false);
  return true;
}

export function maybeSendTimeoutNow(core: Core, role: LeaderRole): void {
  const to = role.transfer!.to;
  if (role.progress.get(to)?.match !== core.log.lastIndex) return;
  core.messages.push({ type: "timeout-now", from: core.settings.id, to, term: core.term });
}
