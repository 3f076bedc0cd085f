import type { Registry as Definitions } from "@flotilla/api";
import type { BasePorts } from "@flotilla/process";
import type { Registry as Metrics } from "prom-client";
import type { Authorizer } from "../authz/authorizer.ts";
import type { Config } from "../config.ts";
import { WebhookClient } from "../network/webhook-client.ts";
import type { Store } from "../storage/store.ts";
import { type Admission, createAdmission } from "./admission.ts";
import { chosenPlugins } from "./plugins.ts";
import { WebhookMetrics } from "./webhook/metrics.ts";

export interface AdmissionParts {
  store: Store;
  definitions: Definitions;
  authorizer: Authorizer;
  metrics: Metrics;
}

/** The admission chain as the flags choose it, with its connections to webhooks. */
export function buildAdmission(
  ports: BasePorts,
  config: Pick<Config, "tolerations" | "enableAdmission" | "disableAdmission">,
  { metrics, ...parts }: AdmissionParts,
): Admission & { close(): void } {
  const webhooks = new WebhookClient(parts.store, ports.clock, ports.random);
  const plugins = chosenPlugins(
    { ...ports, ...parts, webhooks, webhookMetrics: new WebhookMetrics(metrics), tolerations: config.tolerations },
    config.enableAdmission,
    config.disableAdmission,
  );
  return { ...createAdmission(plugins), close: () => webhooks.close() };
}
