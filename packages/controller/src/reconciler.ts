import { isApiError } from "@flotilla/api";
import type { Clock, Logger, Random } from "@flotilla/base";
import { type QueueOptions, WorkQueue } from "./work-queue.ts";

/** When to look at the key again although nothing has changed by then; nothing: only when something changes. */
export type Result = { requeueAfter_ms: number } | undefined;

/** Trying again cannot help: logged once, no retry until the object changes. */
export class TerminalError extends Error {
  override name = "TerminalError";
}

export interface ReconcilerPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  metrics?: ReconcilerMetrics;
}

export interface ReconcilerMetrics {
  reconciled(controller: string, outcome: "success" | "error" | "requeue" | "terminal", seconds: number): void;
  depth(controller: string, length: number): void;
}

export interface ReconcilerOptions {
  name: string;
  workers?: number;
  queue?: QueueOptions;
  /** Brings the world one step closer to what `key` asks for. Level-based: it reads the present state, not what changed. */
  reconcile(key: string, signal: AbortSignal): Promise<Result> | Promise<void>;
}

/** The loop around one controller's decisions: keys in, reconcile, back off on errors. */
export class Reconciler {
  readonly queue: WorkQueue;
  private readonly ports: ReconcilerPorts;
  private readonly options: ReconcilerOptions;

  constructor(ports: ReconcilerPorts, options: ReconcilerOptions) {
    this.ports = ports;
    this.options = options;
    this.queue = new WorkQueue(ports, options.queue);
  }

  /** Runs the workers until the signal aborts. */
  start(signal: AbortSignal): void {
    signal.addEventListener("abort", () => this.queue.close(), { once: true });
    for (let i = 0; i < (this.options.workers ?? 1); i++) void this.work(signal);
  }

  private async work(signal: AbortSignal): Promise<void> {
    for (let key = await this.queue.take(); key !== undefined; key = await this.queue.take()) {
      await this.once(key, signal);
      this.queue.done(key);
    }
  }

  private async once(key: string, signal: AbortSignal): Promise<void> {
    const { log, metrics, clock } = this.ports;
    const { name } = this.options;
    const started_ms = clock.monotonic();
    const finish = (outcome: "success" | "error" | "requeue" | "terminal") => {
      metrics?.reconciled(name, outcome, (clock.monotonic() - started_ms) / 1000);
      metrics?.depth(name, this.queue.length);
    };
    try {
      const result = await this.options.reconcile(key, signal);
      this.queue.forget(key);
      if (result) this.queue.addAfter(key, Math.max(result.requeueAfter_ms, 1));
      finish(result ? "requeue" : "success");
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof TerminalError) {
        this.queue.forget(key);
        log.error("cannot reconcile", { controller: name, key, error });
        finish("terminal");
        return;
      }
      if (isNamespaceTerminating(error)) {
        // What we wanted to make would be deleted at once, together with what asked for it.
        this.queue.forget(key);
        return finish("success");
      }
      // A conflict only says that our cache was behind: the newer object is on its way.
      const expected = isApiError(error, "Conflict", "AlreadyExists", "NotFound");
      if (expected) log.debug("reconcile again", { controller: name, key, why: (error as Error).message });
      else log.warn("reconcile failed", { controller: name, key, why: (error as Error).message, stack: stackOfBug(error) });
      this.queue.addRateLimited(key);
      finish("error");
    }
  }
}

/** The namespace is being deleted: nothing new can be made in it. */
export function isNamespaceTerminating(error: unknown): boolean {
  return isApiError(error) && (error.status.details?.causes ?? []).some((c) => c.reason === "NamespaceTerminating");
}

/** The API's answers explain themselves; anything else is a bug and worth its stack. */
function stackOfBug(error: unknown): string | undefined {
  return isApiError(error) ? undefined : (error as Error).stack;
}
