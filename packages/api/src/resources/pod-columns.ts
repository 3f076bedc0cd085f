/** Cells about pods and pod templates (upstream: pkg/printers/internalversion/printers.go). */
import { ageOf } from "../duration.ts";
import { isConditionTrue, isSidecar } from "../pod.ts";
import type { Container, ContainerStatus, Pod, PodSpec } from "../types.ts";

export const NONE = "<none>";

export const containerNames = (spec: PodSpec | undefined): string => (spec?.containers ?? []).map((container) => container.name).join(",");
export const containerImages = (spec: PodSpec | undefined): string =>
  (spec?.containers ?? []).map((container) => container.image ?? "").join(",");

/** "a=b,c=d", or "<none>". */
export function formatLabels(labels: Record<string, string> | undefined): string {
  const entries = Object.entries(labels ?? {});
  if (entries.length === 0) return NONE;
  return entries
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",");
}

export interface PodSummary {
  /** "1/2" */
  ready: string;
  /** Running, CrashLoopBackOff, Init:0/1, Terminating, … */
  status: string;
  /** "3 (2m ago)" */
  restarts: string;
}

export function summarizePod(pod: Pod, now_ms: number): PodSummary {
  const { spec, status } = pod;
  const sidecars = new Set((spec?.initContainers ?? []).filter(isSidecar).map((container) => container.name));
  let reason = status?.reason || status?.phase || "";
  if (status?.conditions?.some(({ type, reason: why }) => type === "PodScheduled" && why === "SchedulingGated")) reason = "SchedulingGated";
  const init = initProgress(status?.initContainerStatuses ?? [], sidecars, spec?.initContainers ?? []);
  let ready = init.ready;
  let restarts = init.restarts;
  if (init.reason !== undefined) reason = init.reason;
  if (init.reason === undefined || isConditionTrue(status?.conditions, "Initialized")) {
    const main = mainProgress(status?.containerStatuses ?? [], reason, isConditionTrue(status?.conditions, "Ready"));
    reason = main.reason;
    ready += main.ready;
    restarts = mergeRestarts(init.sidecarRestarts, main.restarts);
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (status?.reason === "NodeLost") reason = "Unknown";
    else if (status?.phase !== "Succeeded" && status?.phase !== "Failed") reason = "Terminating";
  }
  const total = (spec?.containers?.length ?? 0) + sidecars.size;
  return { ready: `${ready}/${total}`, status: reason, restarts: restartsText(restarts, now_ms) };
}

interface Restarts {
  count: number;
  last: string | undefined;
}

const NO_RESTARTS: Restarts = { count: 0, last: undefined };

function countRestart(sum: Restarts, status: ContainerStatus): Restarts {
  const finished = status.lastState?.terminated?.finishedAt;
  return mergeRestarts(sum, { count: status.restartCount ?? 0, last: finished });
}

function mergeRestarts(a: Restarts, b: Restarts): Restarts {
  const last = a.last !== undefined && (b.last === undefined || a.last > b.last) ? a.last : b.last;
  return { count: a.count + b.count, last };
}

function restartsText({ count, last }: Restarts, now_ms: number): string {
  return count !== 0 && last !== undefined ? `${count} (${ageOf(last, now_ms)} ago)` : String(count);
}

interface InitProgress {
  /** Why the main containers don't run yet; undefined when initialisation is over. */
  reason: string | undefined;
  ready: number;
  restarts: Restarts;
  sidecarRestarts: Restarts;
}

function initProgress(statuses: readonly ContainerStatus[], sidecars: ReadonlySet<string>, declared: readonly Container[]): InitProgress {
  const progress: InitProgress = { reason: undefined, ready: 0, restarts: NO_RESTARTS, sidecarRestarts: NO_RESTARTS };
  for (const [index, status] of statuses.entries()) {
    const sidecar = sidecars.has(status.name);
    progress.restarts = countRestart(progress.restarts, status);
    if (sidecar) progress.sidecarRestarts = countRestart(progress.sidecarRestarts, status);
    const { terminated, waiting } = status.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecar && status.started) {
      if (status.ready) progress.ready++;
      continue;
    }
    if (terminated) progress.reason = `Init:${terminated.reason || exitText(terminated)}`;
    else if (waiting?.reason && waiting.reason !== "PodInitializing") progress.reason = `Init:${waiting.reason}`;
    else progress.reason = `Init:${index}/${declared.length}`;
    break;
  }
  return progress;
}

const exitText = ({ signal, exitCode }: { signal?: number; exitCode: number }): string =>
  signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;

function mainProgress(
  statuses: readonly ContainerStatus[],
  phase: string,
  podReady: boolean,
): { reason: string; ready: number; restarts: Restarts } {
  let reason = phase;
  let ready = 0;
  let running = false;
  let restarts = NO_RESTARTS;
  for (const status of [...statuses].reverse()) {
    restarts = countRestart(restarts, status);
    const { waiting, terminated, running: up } = status.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) reason = terminated.reason || exitText(terminated);
    else if (status.ready && up) {
      running = true;
      ready++;
    }
  }
  if (reason === "Completed" && running) reason = podReady ? "Running" : "NotReady";
  return { reason, ready, restarts };
}
