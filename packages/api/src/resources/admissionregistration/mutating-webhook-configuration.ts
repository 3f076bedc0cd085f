import { webhookConfigurations } from "./webhook-configuration.ts";

export const mutatingWebhookConfigurations = webhookConfigurations(
  "MutatingWebhookConfiguration",
  "mutatingwebhookconfigurations",
  (webhook) => {
    webhook.reinvocationPolicy ??= "Never";
  },
);
