import { type Clock, type Random, sleep } from "@flotilla/base";
import type { Disk, DiskFile } from "../storage/disk.ts";
import type { Faults } from "./state.ts";

export interface DiskFaultPorts {
  readonly clock: Clock;
  readonly random: Random;
}

/** A delay is looked at again this often, so that taking it back is felt at once. */
const DELAY_STEP_MS = 50;

/** A disk that is slow, refuses to sync or runs full when told so, and otherwise is the one inside. */
export function faultyDisk(inner: Disk, faults: Faults, ports: DiskFaultPorts): Disk {
  return {
    mkdir: (path) => inner.mkdir(path),
    list: (path) => inner.list(path),
    read: (path) => inner.read(path),
    async open(path, keep_bytes) {
      if (keep_bytes === 0 && faults.takeSpace(1) === 0) throw full(faults, "open");
      return faultyFile(await inner.open(path, keep_bytes), faults, ports);
    },
    async rename(from, to) {
      await slow(faults, ports);
      await inner.rename(from, to);
    },
    remove: (path) => inner.remove(path),
  };
}

function faultyFile(inner: DiskFile, faults: Faults, ports: DiskFaultPorts): DiskFile {
  return {
    async append(data) {
      const fits_bytes = faults.takeSpace(data.length);
      // As the kernel does it: what fits is written, and the rest is an error.
      await inner.append(fits_bytes === data.length ? data : data.subarray(0, fits_bytes));
      if (fits_bytes < data.length) throw full(faults, "write");
    },
    async sync() {
      await slow(faults, ports);
      const { syncFailure_permille } = faults.current.disk;
      if (syncFailure_permille > 0 && ports.random.next() * 1000 < syncFailure_permille) {
        faults.count("sync-failed");
        throw errno("EIO", "EIO: i/o error, fdatasync");
      }
      await inner.sync();
    },
    close: () => inner.close(),
  };
}

async function slow(faults: Faults, { clock }: DiskFaultPorts): Promise<void> {
  if (faults.current.disk.sync_delay_ms === 0) return;
  faults.count("sync-delayed");
  const from_ms = clock.monotonic();
  for (;;) {
    const left_ms = faults.current.disk.sync_delay_ms - (clock.monotonic() - from_ms);
    if (left_ms <= 0) return;
    await sleep(clock, Math.min(left_ms, DELAY_STEP_MS));
  }
}

function full(faults: Faults, call: string): Error {
  faults.count("disk-full");
  return errno("ENOSPC", `ENOSPC: no space left on device, ${call}`);
}

const errno = (code: string, message: string): Error => Object.assign(new Error(message), { code });
