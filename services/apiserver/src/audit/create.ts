import type { Registry as Definitions } from "@flotilla/api";
import type { BasePorts } from "@flotilla/process";
import type { Registry as Metrics } from "prom-client";
import { Audit } from "./audit.ts";
import { type AuditBackend, blockingBackend, type Sink } from "./backend.ts";
import { type BatchOptions, BufferedBackend } from "./buffered.ts";
import { LogFile, type LogFileOptions } from "./log-file.ts";
import { logSink } from "./log-sink.ts";
import { type Lost, reportLosses } from "./losses.ts";
import { AuditMetrics } from "./metrics.ts";
import { parseAuditPolicy } from "./policy.ts";
import { type TruncateOptions, truncating } from "./truncate.ts";
import { type WebhookOptions, WebhookSink, type WebhookTarget } from "./webhook-sink.ts";

export const AUDIT_MODES = ["batch", "blocking", "blocking-strict"] as const;
export type AuditMode = (typeof AUDIT_MODES)[number];

/** How events get to a sink. */
export interface Delivery {
  mode: AuditMode;
  batch: BatchOptions;
  /** undefined: events are as long as they are. */
  truncate: TruncateOptions | undefined;
}

export interface AuditConfig {
  /** The policy's text; undefined: nothing is recorded. */
  policy: string | undefined;
  log: (LogFileOptions & Delivery) | undefined;
  webhook: (WebhookOptions & Delivery & { target: WebhookTarget }) | undefined;
}

/** @throws Error when the policy is wrong or the log cannot be opened. */
export function createAudit(
  ports: BasePorts,
  { policy, log, webhook }: AuditConfig,
  { definitions, metrics }: { definitions: Definitions; metrics: Metrics },
): Audit | undefined {
  if (policy === undefined || !(log || webhook)) return undefined;
  const auditMetrics = new AuditMetrics(metrics);
  const lost = reportLosses(ports.clock, ports.log, auditMetrics);
  const parsed = parseAuditPolicy(policy);
  const backends = [
    ...(log ? [backendOf(ports, logSink(new LogFile(ports.clock, log)), log, lost)] : []),
    ...(webhook ? [backendOf(ports, new WebhookSink(ports, webhook.target, webhook), webhook, lost)] : []),
  ];
  return new Audit({ clock: ports.clock, metrics: auditMetrics, definitions }, parsed, backends);
}

function backendOf({ clock }: BasePorts, sink: Sink, { mode, batch, truncate }: Delivery, lost: Lost): AuditBackend {
  const to = truncate ? truncating(sink, truncate, lost) : sink;
  return mode === "batch" ? new BufferedBackend(clock, to, batch, lost) : blockingBackend(to, mode === "blocking-strict", lost);
}
