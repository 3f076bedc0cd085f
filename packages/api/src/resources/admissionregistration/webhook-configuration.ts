/** What both kinds of webhook configuration are. */
import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { ResourceDefinition } from "../../definition.ts";
import type { KubeObject } from "../../types.ts";
import { defaultWebhook, validateWebhooks, type Webhook } from "../../validation/webhook.ts";

type Configuration = KubeObject & { webhooks?: Webhook[] };

export function webhookConfigurations(kind: string, resource: string, defaultOwn: (webhook: Webhook) => void): ResourceDefinition {
  return defineResource<Configuration>({
    group: "admissionregistration.k8s.io",
    version: "v1",
    kind,
    resource,
    schema: `admissionregistration/v1.${kind}`,
    namespaced: false,
    categories: ["api-extensions"],
    table: [nameColumn(), column("Webhooks", ({ webhooks = [] }) => webhooks.length, { type: "integer" }), ageColumn()],
    defaults({ webhooks = [] }) {
      for (const webhook of webhooks) {
        defaultWebhook(webhook);
        defaultOwn(webhook);
      }
    },
    strategy: {
      tracksGeneration: true,
      allowUnconditionalUpdate: false,
      validate: ({ webhooks = [] }, errors) => validateWebhooks(webhooks, errors),
    },
  });
}
