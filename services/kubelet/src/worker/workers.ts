import type { Pod } from "@flotilla/api";
import { orphan } from "../pods/orphan.ts";
import { isStaticPod, podKey } from "../pods/pod.ts";
import type { Kit } from "./kit.ts";
import { PodWorker, type WorkerCallbacks } from "./pod-worker.ts";

export type PodCallbacks = Omit<WorkerCallbacks, "gone"> & {
  /** Nothing of the pod is left on this machine. */
  left(pod: Pod): void;
};

/**
 * Owns the worker of every pod on this machine, by uid.
 *
 * 1. A uid has at most one worker.
 * 2. Of static pods with the same name the newer one starts when the older one is gone: they would fight for its ports.
 */
export class PodWorkers {
  private readonly workers = new Map<string, PodWorker>();
  private readonly waiting = new Map<string, PodWorker>();
  private readonly kit: Kit;
  private readonly callbacks: PodCallbacks;
  private readonly shutdown: AbortSignal;

  constructor(kit: Kit, callbacks: PodCallbacks, shutdown: AbortSignal) {
    this.kit = kit;
    this.callbacks = callbacks;
    this.shutdown = shutdown;
  }

  get(uid: string): PodWorker | undefined {
    return this.workers.get(uid);
  }

  all(): PodWorker[] {
    return [...this.workers.values()];
  }

  /** The pods that are to run, or still run. */
  active(): PodWorker[] {
    return this.all().filter((w) => w.phase.kind === "syncing" || w.phase.kind === "ending");
  }

  update(pod: Pod): void {
    const uid = pod.metadata.uid!;
    const known = this.workers.get(uid);
    if (known) {
      known.update(pod);
      return;
    }
    const worker = new PodWorker(this.kit, pod, { ...this.callbacks, gone: (w) => this.gone(w) }, this.shutdown);
    const key = podKey(pod);
    const older = isStaticPod(pod) && this.endOlder(uid, key);
    this.workers.set(uid, worker);
    if (pod.metadata.deletionTimestamp) worker.update(pod);
    if (older) this.waiting.set(key, worker);
    else worker.start();
  }

  /** Whether another pod of that name is still here; one that nobody knew of (its manifest changed while we were down) is ended. */
  private endOlder(uid: string, key: string): boolean {
    for (const observed of this.kit.observer.known()) {
      if (observed.uid === uid || `${observed.namespace}/${observed.name}` !== key || this.workers.has(observed.uid)) continue;
      this.update(orphan(observed));
      this.remove(observed.uid);
    }
    return this.all().some((w) => podKey(w.pod) === key);
  }

  remove(uid: string): void {
    const worker = this.workers.get(uid);
    if (!worker) return;
    const key = podKey(worker.pod);
    if (this.waiting.get(key) === worker) {
      this.waiting.delete(key);
      this.workers.delete(uid);
      return;
    }
    worker.remove();
  }

  wake(uid: string): void {
    this.workers.get(uid)?.wake();
  }

  wakeAll(): void {
    for (const worker of this.workers.values()) worker.wake();
  }

  private gone(worker: PodWorker): void {
    this.workers.delete(worker.pod.metadata.uid!);
    this.callbacks.left(worker.pod);
    const key = podKey(worker.pod);
    const next = this.waiting.get(key);
    if (!next) return;
    this.waiting.delete(key);
    next.start();
  }
}
