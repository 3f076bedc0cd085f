/**
 * What is to go wrong in this member, switched while it runs: the decorators
 * around disk, network and clock look here each time they act. The same
 * decorators serve the real process and the simulation; chance comes from the
 * caller, so a seed repeats a run.
 */
export interface DiskFaults {
  readonly sync_delay_ms: number;
  readonly syncFailure_permille: number;
  readonly full: boolean;
  /** With `full`: what may still be written. Goes down as it is used. */
  readonly fullAfter_bytes: number;
}

export type Direction = "both" | "out" | "in";

export interface LinkFault {
  /** A member's name or its id in hex; empty for every peer. */
  readonly peer: string;
  readonly direction: Direction;
  readonly cut: boolean;
  readonly drop_permille: number;
  readonly duplicate_permille: number;
  readonly delay_permille: number;
  readonly delay_ms: number;
}

export interface ClockFaults {
  readonly offset_ms: number;
  readonly drift_ppm: number;
}

export interface FaultSet {
  readonly disk: DiskFaults;
  readonly network: readonly LinkFault[];
  readonly clock: ClockFaults;
}

export const HEALTHY: FaultSet = {
  disk: { sync_delay_ms: 0, syncFailure_permille: 0, full: false, fullAfter_bytes: 0 },
  network: [],
  clock: { offset_ms: 0, drift_ppm: 0 },
};

export const LINK_OK: LinkFault = {
  peer: "",
  direction: "both",
  cut: false,
  drop_permille: 0,
  duplicate_permille: 0,
  delay_permille: 0,
  delay_ms: 0,
};

export const STRIKES = ["sync-delayed", "sync-failed", "disk-full", "cut", "dropped", "duplicated", "delayed"] as const;
export type Strike = (typeof STRIKES)[number];

/** The switchboard. */
export class Faults {
  private now: FaultSet = HEALTHY;
  private readonly counts = new Map<Strike, number>();

  get current(): FaultSet {
    return this.now;
  }

  get struck(): ReadonlyMap<Strike, number> {
    return this.counts;
  }

  set(parts: Partial<FaultSet>): void {
    this.now = { ...this.now, ...parts };
  }

  clear(): void {
    this.now = HEALTHY;
  }

  count(strike: Strike): void {
    this.counts.set(strike, (this.counts.get(strike) ?? 0) + 1);
  }

  /** Takes `wanted_bytes` of what a full disk still holds; returns how many there were. */
  takeSpace(wanted_bytes: number): number {
    const { disk } = this.now;
    if (!disk.full) return wanted_bytes;
    const got_bytes = Math.min(wanted_bytes, disk.fullAfter_bytes);
    this.set({ disk: { ...disk, fullAfter_bytes: disk.fullAfter_bytes - got_bytes } });
    return got_bytes;
  }
}
