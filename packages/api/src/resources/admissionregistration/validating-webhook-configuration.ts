import { webhookConfigurations } from "./webhook-configuration.ts";

export const validatingWebhookConfigurations = webhookConfigurations(
  "ValidatingWebhookConfiguration",
  "validatingwebhookconfigurations",
  () => {},
);
