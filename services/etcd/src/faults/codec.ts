import { Reader, WireError } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { type ClockFaults, type Direction, type DiskFaults, type FaultSet, HEALTHY, LINK_OK, type LinkFault } from "./state.ts";

/** flotilla.control.v1.FaultSet, by hand: the member starts faster without the general library. The tests compare both. */

const DIRECTIONS = ["both", "out", "in"] as const satisfies readonly Direction[];

export function writeFaultSet(w: Writer, { disk, network, clock }: Partial<FaultSet>): void {
  if (disk) {
    w.message(0x0a, () => {
      w.int(0x08, disk.sync_delay_ms).int(0x10, disk.syncFailure_permille).bool(0x18, disk.full).int(0x20, disk.fullAfter_bytes);
    });
  }
  if (network) {
    w.message(0x12, () => {
      for (const link of network) w.message(0x0a, () => writeLink(w, link));
    });
  }
  if (clock) w.message(0x1a, () => void w.int(0x08, clock.offset_ms).int(0x10, clock.drift_ppm));
}

function writeLink(w: Writer, f: LinkFault): void {
  w.text(0x0a, f.peer).int(0x10, DIRECTIONS.indexOf(f.direction)).bool(0x18, f.cut);
  w.int(0x20, f.drop_permille).int(0x28, f.duplicate_permille).int(0x30, f.delay_permille).int(0x38, f.delay_ms);
}

export function encodeSetRequest(faults: Partial<FaultSet>): Buffer {
  const w = new Writer();
  w.message(0x0a, () => writeFaultSet(w, faults));
  return w.finish();
}

/** What SetFaults asks for: only the parts that are given. @throws WireError on values that make no sense. */
export function decodeSetRequest(bytes: Buffer): Partial<FaultSet> {
  const r = new Reader(bytes);
  let out: Partial<FaultSet> = {};
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) out = readFaultSet(r.message());
    else r.skip(tag);
  }
  return out;
}

function readFaultSet(r: Reader): Partial<FaultSet> {
  const out: { -readonly [K in keyof FaultSet]?: FaultSet[K] } = {};
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) out.disk = readDisk(r.message());
    else if (tag === 0x12) out.network = readNetwork(r.message());
    else if (tag === 0x1a) out.clock = readClock(r.message());
    else r.skip(tag);
  }
  return out;
}

function readDisk(r: Reader): DiskFaults {
  const out = { ...HEALTHY.disk };
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) out.sync_delay_ms = amount(r, "sync_delay_ms");
    else if (tag === 0x10) out.syncFailure_permille = share(r, "sync_failure_permille");
    else if (tag === 0x18) out.full = r.bool();
    else if (tag === 0x20) out.fullAfter_bytes = amount(r, "full_after_bytes");
    else r.skip(tag);
  }
  return out;
}

function readNetwork(r: Reader): LinkFault[] {
  const out: LinkFault[] = [];
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) out.push(readLink(r.message()));
    else r.skip(tag);
  }
  return out;
}

function readLink(r: Reader): LinkFault {
  const out = { ...LINK_OK };
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) out.peer = r.text();
    else if (tag === 0x10) out.direction = directionOf(r.int());
    else if (tag === 0x18) out.cut = r.bool();
    else if (tag === 0x20) out.drop_permille = share(r, "drop_permille");
    else if (tag === 0x28) out.duplicate_permille = share(r, "duplicate_permille");
    else if (tag === 0x30) out.delay_permille = share(r, "delay_permille");
    else if (tag === 0x38) out.delay_ms = amount(r, "delay_ms");
    else r.skip(tag);
  }
  return out;
}

function readClock(r: Reader): ClockFaults {
  const out = { ...HEALTHY.clock };
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x08) out.offset_ms = r.int();
    else if (tag === 0x10) out.drift_ppm = rate(r);
    else r.skip(tag);
  }
  return out;
}

function directionOf(n: number): Direction {
  const direction = DIRECTIONS[n];
  if (!direction) throw new WireError(`direction: ${n} is not BOTH, OUT or IN`);
  return direction;
}

function share(r: Reader, field: string): number {
  const value = r.int();
  if (value < 0 || value > 1000) throw new WireError(`${field}: must be between 0 and 1000, not ${value}`);
  return value;
}

function amount(r: Reader, field: string): number {
  const value = r.int();
  if (value < 0 || !Number.isSafeInteger(value)) throw new WireError(`${field}: must not be negative`);
  return value;
}

/** A clock may run at half to twice its rate. */
function rate(r: Reader): number {
  const value = r.int();
  if (value < -500_000 || value > 1_000_000) throw new WireError(`drift_ppm: must be between -500000 and 1000000, not ${value}`);
  return value;
}
