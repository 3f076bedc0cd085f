import type { Pod } from "@flotilla/api";
import { sleep } from "@flotilla/base";
import { messageOf, SyncError } from "../errors.ts";
import { gracePeriodOf, isStaticPod } from "../pods/pod.ts";
import type { PodFailure } from "../status/generate.ts";
import { killPod } from "./kill.ts";
import type { Kit } from "./kit.ts";
import { createMemory, publish } from "./publish.ts";
import { removeAllRecords } from "./records.ts";
import { syncPod } from "./sync.ts";

const RETRY_INITIAL_MS = 500;
const RETRY_MAX_MS = 10_000;

/** Where a pod is on its way; it only ever moves down this list. */
export type WorkerPhase =
  | { kind: "syncing" }
  /** Containers are being stopped. */
  | { kind: "ending"; grace_s: number; failure?: PodFailure }
  /** Nothing of it runs; its records and status are still there. */
  | { kind: "ended" }
  /** Gone from this machine. */
  | { kind: "gone" };

export interface WorkerCallbacks {
  /** Called on each sync, e.g. to keep a mirror pod. */
  beforeSync(pod: Pod): Promise<void>;
  /** The status written and everything stopped: the API may forget the pod. */
  confirmDeletion(pod: Pod): Promise<void>;
  gone(worker: PodWorker): void;
}

/**
 * Owns one pod on this machine: one loop that syncs, ends and removes it.
 *
 * 1. At most one sync of a pod runs at a time.
 * 2. After `ending` no container of the pod is started any more.
 * 3. `confirmDeletion` is called only when no container of it runs.
 */
export class PodWorker {
  phase: WorkerPhase = { kind: "syncing" };
  pod: Pod;
  private readonly kit: Kit;
  private readonly callbacks: WorkerCallbacks;
  private readonly memory = createMemory();
  private readonly shutdown: AbortSignal;
  private wakeUp = new AbortController();
  private current = new AbortController();
  private dirty = true;
  private removed = false;
  private failures = 0;

  constructor(kit: Kit, pod: Pod, callbacks: WorkerCallbacks, shutdown: AbortSignal) {
    this.kit = kit;
    this.pod = pod;
    this.callbacks = callbacks;
    this.shutdown = shutdown;
  }

  start(): void {
    void this.run();
  }

  update(pod: Pod): void {
    this.pod = pod;
    if (pod.metadata.deletionTimestamp) this.end(gracePeriodOf(pod));
    this.wake();
  }

  /** The pod is desired no more: its API object or its manifest is gone. */
  remove(): void {
    this.removed = true;
    this.end(gracePeriodOf(this.pod));
    this.wake();
  }

  /** Stops the pod for good, with the status Failed when `failure` says why. */
  end(grace_s: number, failure?: PodFailure): void {
    if (this.phase.kind === "syncing") {
      this.phase = { kind: "ending", grace_s, failure };
      this.kit.probes.stopLiveness(this.pod.metadata.uid!);
      this.current.abort();
    } else if (this.phase.kind === "ending" && grace_s < this.phase.grace_s) {
      // A second, more impatient order: stop again without waiting for the first to be done.
      this.phase = { ...this.phase, grace_s };
      const observed = this.kit.observer.peek(this.pod.metadata.uid!);
      if (observed) killPod(this.kit, this.pod, observed, grace_s).catch((error) => this.kit.log.warn("could not stop pod", { error }));
    }
    this.wake();
  }

  wake(): void {
    this.dirty = true;
    this.wakeUp.abort();
  }

  private async run(): Promise<void> {
    while (!this.shutdown.aborted && this.phase.kind !== "gone") {
      this.dirty = false;
      this.wakeUp = new AbortController();
      let delay_ms: number;
      try {
        delay_ms = await this.step();
        this.failures = 0;
      } catch (error) {
        delay_ms = this.failed(error);
      }
      if (this.dirty || delay_ms <= 0) continue;
      await sleep(this.kit.clock, delay_ms, AbortSignal.any([this.wakeUp.signal, this.shutdown]));
    }
  }

  /** One step in the current phase; resolves with the time until the next. */
  private async step(): Promise<number> {
    switch (this.phase.kind) {
      case "syncing":
        return this.sync();
      case "ending":
        return this.stop();
      case "ended":
        return this.finish();
      case "gone":
        return 0;
    }
  }

  private async sync(): Promise<number> {
    this.current = new AbortController();
    const overdue_ms = this.deadlineIn_ms();
    if (overdue_ms <= 0) {
      const message = "Pod was active on the node longer than the specified deadline";
      this.kit.events.emit(this.pod, "Normal", "DeadlineExceeded", message);
      this.end(gracePeriodOf(this.pod), { reason: "DeadlineExceeded", message });
      return 0;
    }
    await this.callbacks.beforeSync(this.pod);
    const result = await syncPod(this.kit, this.pod, this.memory, this.current.signal);
    if (result.kind === "again") return 0;
    if (result.kind === "wait") return Math.min(result.delay_ms, overdue_ms);
    this.end(gracePeriodOf(this.pod));
    return 0;
  }

  private deadlineIn_ms(): number {
    const limit_s = this.pod.spec?.activeDeadlineSeconds;
    const startTime = this.kit.status.current(this.pod).startTime as string | undefined;
    if (limit_s === undefined || !startTime) return Number.POSITIVE_INFINITY;
    return Date.parse(startTime) + limit_s * 1000 - this.kit.clock.now();
  }

  private async stop(): Promise<number> {
    const phase = this.phase as Extract<WorkerPhase, { kind: "ending" }>;
    const uid = this.pod.metadata.uid!;
    const before = await this.kit.observer.observe(uid);
    await publish(this.kit, this.pod, before, this.memory, { failure: phase.failure, terminal: false });
    await killPod(this.kit, this.pod, before, phase.grace_s);
    this.memory.acted_ms = this.kit.clock.monotonic();
    const after = await this.kit.observer.observe(uid);
    if (after.containers.some((c) => c.state === "running")) return 100;
    this.kit.probes.retain(uid, new Set());
    await publish(this.kit, this.pod, after, this.memory, { failure: phase.failure, terminal: true });
    await this.kit.volumes.remove(uid);
    this.phase = { kind: "ended" };
    return 0;
  }

  private async finish(): Promise<number> {
    const deleted = this.pod.metadata.deletionTimestamp !== undefined;
    if (!deleted && !this.removed) return this.kit.syncPeriod_ms;
    if (!isStaticPod(this.pod) && !this.removed) await this.callbacks.confirmDeletion(this.pod);
    await removeAllRecords(this.kit, this.pod);
    const uid = this.pod.metadata.uid!;
    this.kit.images.forget(uid);
    this.kit.restarts.forget(`${uid}_`);
    this.phase = { kind: "gone" };
    this.callbacks.gone(this);
    return 0;
  }

  private failed(error: unknown): number {
    if (this.current.signal.aborted && this.phase.kind === "ending" && !(error instanceof SyncError)) this.failures = 0;
    this.failures++;
    if (error instanceof SyncError) {
      this.kit.events.emit(this.pod, "Warning", error.reason, error.message);
      // A network that is about to come must not cost a back-off.
      if (error.reason === "NetworkNotReady") this.failures = 1;
    }
    this.kit.log.warn("pod could not be synced", {
      pod: `${this.pod.metadata.namespace}/${this.pod.metadata.name}`,
      error: messageOf(error),
    });
    return Math.min(RETRY_INITIAL_MS * 2 ** (this.failures - 1), RETRY_MAX_MS);
  }
}
