import { Counter, Histogram, type Registry } from "prom-client";

export type HookType = "admit" | "validating";

/** What /metrics shows of webhooks, by upstream's names. */
export class WebhookMetrics {
  private readonly duration: Histogram;
  private readonly rejections: Counter;
  private readonly open: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.duration = new Histogram({
      name: "apiserver_admission_webhook_admission_duration_seconds",
      help: "Time that admission webhooks took, by webhook.",
      labelNames: ["name", "type", "operation", "rejected"],
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25],
      registers,
    });
    this.rejections = new Counter({
      name: "apiserver_admission_webhook_rejection_count",
      help: "Requests that admission webhooks rejected.",
      labelNames: ["name", "type", "operation", "error_type", "rejection_code"],
      registers,
    });
    this.open = new Counter({
      name: "apiserver_admission_webhook_fail_open_count",
      help: "Calls of admission webhooks that failed and were ignored.",
      labelNames: ["name", "type"],
      registers,
    });
  }

  observe(name: string, type: HookType, operation: string, rejected: boolean, seconds: number): void {
    this.duration.observe({ name, type, operation, rejected: String(rejected) }, seconds);
  }

  reject(name: string, type: HookType, operation: string, error: "no_error" | "calling_webhook_error", code: number): void {
    this.rejections.inc({ name, type, operation, error_type: error, rejection_code: code });
  }

  failOpen(name: string, type: HookType): void {
    this.open.inc({ name, type });
  }
}
