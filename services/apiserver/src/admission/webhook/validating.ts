import type { AdmissionPlugin } from "../admission.ts";
import { consult, type WebhookPorts } from "./consult.ts";
import { Hooks, selects } from "./hooks.ts";

/** Asks all validating webhooks at once; the first in their order that refuses is the answer. */
export function validatingWebhooks(ports: WebhookPorts): AdmissionPlugin {
  const hooks = new Hooks(ports.store, "validatingwebhookconfigurations");
  return {
    name: "ValidatingAdmissionWebhook",
    validate(attributes, object, old) {
      const all = hooks.list();
      if (all.length === 0) return;
      const subject = { attributes, object, old };
      const chosen = all.flatMap((hook) => {
        const selection = selects(ports, hook, subject);
        return selection ? [{ hook, selection }] : [];
      });
      if (chosen.length === 0) return;
      return settle(chosen.map(({ hook, selection }) => consult(ports, "validating", hook, selection, subject)));
    },
  };
}

async function settle(answers: Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(answers);
  const refused = settled.find((one) => one.status === "rejected");
  if (refused) throw refused.reason;
}
