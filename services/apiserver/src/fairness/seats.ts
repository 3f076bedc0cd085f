import type { PriorityLevel } from "./priority-level.ts";

/**
 * Whether `level` may take `seats` more. Of all the server's seats each level has a share of its own; the lendable
 * part of it anyone may use while it is free. So a level gets a seat if
 * - it is within what it never lends, or
 * - it is within its own share plus what it may borrow, and enough stays free for what the others never lend.
 * (KEP-1040 sets limits anew every ten seconds; deciding at each request needs no forecast.)
 */
export function mayRun(level: PriorityLevel, seats: number, levels: Iterable<PriorityLevel>, total: number): boolean {
  const { nominal, lendable, borrowable } = level.limits;
  const wanted = level.seatsRunning + seats;
  // A request wider than the whole share runs when it can run alone.
  if (wanted <= nominal - lendable || (level.seatsRunning === 0 && seats > nominal)) return true;
  if (wanted > nominal + borrowable) return false;
  let taken = seats;
  for (const other of levels) {
    const kept = other === level ? 0 : other.limits.nominal - other.limits.lendable;
    taken += Math.max(other.seatsRunning, kept);
  }
  return taken <= total;
}

/** Levels with somebody waiting, those first that use the least of their share. */
export function byNeed(levels: Iterable<PriorityLevel>): PriorityLevel[] {
  const used = (level: PriorityLevel) => level.seatsRunning / Math.max(1, level.limits.nominal);
  return [...levels].filter(({ waitingCount }) => waitingCount > 0).sort((a, b) => used(a) - used(b));
}
