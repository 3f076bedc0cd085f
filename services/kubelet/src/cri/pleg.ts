import { type Clock, type Logger, sleep } from "@flotilla/base";
import type { Observer } from "./observer.ts";

export const RELIST_PERIOD_MS = 1000;

/** Pod lifecycle events by relisting: calls `changed` for each pod that changed without our doing. */
export async function runPleg(
  ports: { clock: Clock; log: Logger; observer: Observer },
  changed: (uid: string) => void,
  relisted: (healthy: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  let healthy = true;
  while (!signal.aborted) {
    try {
      for (const uid of await ports.observer.relist()) changed(uid);
      healthy = true;
    } catch (error) {
      if (healthy) ports.log.warn("runtime does not answer", { error });
      healthy = false;
    }
    relisted(healthy);
    await sleep(ports.clock, healthy ? RELIST_PERIOD_MS : 200, signal);
  }
}
