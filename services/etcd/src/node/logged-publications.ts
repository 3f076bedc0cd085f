import type { Entry } from "@flotilla/raft";
import { decodeCommand } from "../codec/command.ts";
import type { PublishEntry } from "./machine.ts";

/**
 * Member → its data directory, as the log read at start tells. What stands there is not applied before somebody leads,
 * but whose vote counts must be known before that: a member that lost its disk has forgotten what it promised.
 */
export function loggedPublications(entries: readonly Entry[]): Map<number, string> {
  const known = new Map<number, string>();
  for (const entry of entries) {
    if (entry.kind !== "normal" || entry.data.length === 0) continue;
    const { kind, payload } = decodeCommand(entry.data);
    if (kind !== "publish") continue;
    const { id, dataId } = JSON.parse(payload.toString()) as PublishEntry;
    if (dataId) known.set(Number(id), dataId);
  }
  return known;
}
