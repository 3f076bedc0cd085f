import type { Clock, Logger, Timer } from "@flotilla/base";
import type { AuditBackend } from "./audit.ts";
import type { AuditEvent } from "./event.ts";

/** Where to, and as whom; from a kubeconfig. */
export interface WebhookTarget {
  server: string;
  ca?: string;
  cert?: string;
  key?: string;
  token?: string;
}

export interface WebhookOptions {
  batchMax: number;
  wait_ms: number;
}

/** Events that wait while the other side does not answer; beyond it the newest are lost, and said to be. */
const WAITING_MAX = 10_000;
const POST_MS_MAX = 30_000;
const RETRY_MS = 10_000;

/** Posts events in batches as audit.k8s.io/v1 EventList; one post at a time, in their order. */
export class WebhookBackend implements AuditBackend {
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly target: WebhookTarget;
  private readonly options: WebhookOptions;
  private waiting: AuditEvent[] = [];
  private posting = false;
  private timer: Timer | undefined;

  constructor(ports: { clock: Clock; log: Logger }, target: WebhookTarget, options: WebhookOptions) {
    this.clock = ports.clock;
    this.log = ports.log;
    this.target = target;
    this.options = options;
  }

  record(event: AuditEvent): Promise<void> {
    if (this.waiting.length >= WAITING_MAX) return Promise.reject(new Error("the audit webhook's queue is full"));
    this.waiting.push(event);
    if (this.waiting.length >= this.options.batchMax) void this.flush();
    else this.wait(this.options.wait_ms);
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.timer?.cancel();
    await this.flush();
  }

  private wait(ms: number): void {
    this.timer ??= this.clock.setTimeout(() => void this.flush(), ms);
  }

  private async flush(): Promise<void> {
    this.timer?.cancel();
    this.timer = undefined;
    if (this.posting || this.waiting.length === 0) return;
    this.posting = true;
    const batch = this.waiting.slice(0, this.options.batchMax);
    try {
      await this.post(JSON.stringify({ kind: "EventList", apiVersion: "audit.k8s.io/v1", metadata: {}, items: batch }));
      this.waiting = this.waiting.slice(batch.length);
    } catch (error) {
      this.log.warn("the audit webhook does not take events, trying again", {
        waiting: this.waiting.length,
        error: (error as Error).message,
      });
      this.wait(RETRY_MS);
    }
    this.posting = false;
    if (this.waiting.length >= this.options.batchMax) void this.flush();
    else if (this.waiting.length > 0) this.wait(this.options.wait_ms);
  }

  private async post(body: string): Promise<void> {
    // Loaded when first needed: most servers have no webhook.
    const { request } = await import("node:https");
    const { server, token, ca, cert, key } = this.target;
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    };
    const tls = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
    return new Promise((resolve, reject) => {
      const call = request(server, { method: "POST", headers, timeout: POST_MS_MAX, ...tls }, (response) => {
        response.resume();
        response.on("end", () => (response.statusCode! < 300 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
      });
      call.on("timeout", () => call.destroy(new Error("timed out")));
      call.on("error", reject);
      call.end(body);
    });
  }
}
