import { Counter, type Registry } from "prom-client";
import type { Level } from "./policy.ts";

/** What /metrics shows of auditing, by upstream's names. */
export class AuditMetrics {
  private readonly events: Counter;
  private readonly errors: Counter;
  private readonly levels: Counter;
  private readonly rejections: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.events = new Counter({
      name: "apiserver_audit_event_total",
      help: "Audit events made and sent to the audit backends.",
      registers,
    });
    this.errors = new Counter({
      name: "apiserver_audit_error_total",
      help: "Audit events that were lost, by the plug-in that lost them.",
      labelNames: ["plugin"],
      registers,
    });
    this.levels = new Counter({
      name: "apiserver_audit_level_total",
      help: "Requests by the level that the policy gives them.",
      labelNames: ["level"],
      registers,
    });
    this.rejections = new Counter({
      name: "apiserver_audit_requests_rejected_total",
      help: "Requests refused because they could not be recorded.",
      registers,
    });
  }

  decided(level: Level): void {
    this.levels.inc({ level });
  }

  sent(): void {
    this.events.inc();
  }

  lost(plugin: string, count: number): void {
    this.errors.inc({ plugin }, count);
  }

  rejected(): void {
    this.rejections.inc();
  }
}
