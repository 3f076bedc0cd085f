import type { Registry as Definitions } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import type { Registry as Metrics } from "prom-client";
import { storageName } from "../registry/kernel.ts";
import type { Call, Reply } from "../request/call.ts";
import { Inflight } from "../request/inflight.ts";
import type { Store } from "../storage/store.ts";
import { Fairness } from "./fairness.ts";
import { registerFairnessMetrics } from "./metrics.ts";

export interface LimitsConfig {
  /** --enable-priority-and-fairness */
  fairness: boolean;
  maxInflight: { reading: number; mutating: number };
  requestTimeout_ms: number;
}

/** What keeps requests from being too many at once. */
export interface Limits extends Pick<Inflight, "run"> {
  /** A debugging page about them, if the path is one. */
  page?(call: Call): Reply | undefined;
}

/** As upstream: a request may wait for this part of its time. */
const WAIT_PART = 1 / 4;

/** Priority and fairness, or plain limits where it is turned off or has no seats to hand out. */
export function createLimits(
  clock: Clock,
  definitions: Definitions,
  store: Store,
  metrics: Metrics,
  { fairness, maxInflight, requestTimeout_ms }: LimitsConfig,
): Limits {
  const seats = maxInflight.reading + maxInflight.mutating;
  if (!fairness || seats === 0) return new Inflight(maxInflight.reading, maxInflight.mutating);
  const countOf = ({ info }: Call): number => {
    const def = definitions.find(info.group, info.version, info.resource);
    return def?.storage ? store.cache(storageName(def)).size : 0;
  };
  const ports = { clock, flowSchemas: store.cache("flowschemas"), priorityLevels: store.cache("prioritylevelconfigurations"), countOf };
  const created = new Fairness(ports, { seats, waitMax_ms: requestTimeout_ms * WAIT_PART });
  registerFairnessMetrics(metrics, created);
  return created;
}
