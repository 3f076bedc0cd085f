import { apiError, applyDefaults, applyPatch, cloneJson, type KubeObject, type ResourceDefinition } from "@flotilla/api";
import type { AdmissionAttributes, AdmissionPlugin } from "../admission.ts";
import { asView } from "../matching/rules.ts";
import { consult, type WebhookPorts } from "./consult.ts";
import { type Hook, Hooks, selects } from "./hooks.ts";

/**
 * Asks the mutating webhooks one after the other, each about what the one before made of the object. When one
 * changes it, the plug-ins and the webhooks with reinvocationPolicy IfNeeded before it get a second look (once).
 */
export function mutatingWebhooks(ports: WebhookPorts): AdmissionPlugin {
  const hooks = new Hooks(ports.store, "mutatingwebhookconfigurations");
  return {
    name: "MutatingAdmissionWebhook",
    mutate(attributes, object, old) {
      const all = hooks.list();
      return all.length === 0 ? undefined : mutateAll(ports, all, attributes, object, old);
    },
    async validate(attributes, object, old) {
      // What is deleted or connected to cannot be changed, nor an eviction; these webhooks hear of it all the same.
      const { operation, subresource } = attributes;
      if (operation !== "DELETE" && operation !== "CONNECT" && !(operation === "CREATE" && subresource !== "")) return;
      for (const hook of hooks.list()) {
        const subject = { attributes, object, old };
        const selection = selects(ports, hook, subject);
        if (selection) await consult(ports, "admit", hook, selection, subject);
      }
    },
  };
}

async function mutateAll(
  ports: WebhookPorts,
  hooks: readonly Hook[],
  attributes: AdmissionAttributes,
  object: KubeObject,
  old: KubeObject | undefined,
): Promise<void> {
  const rounds = attributes.rounds ?? { round: 0, again: false, asked: [], due: new Set<string>(), output: "" };
  if (rounds.round > 0 && rounds.output !== JSON.stringify(object)) {
    // A plug-in has changed what the webhooks made: they all look again.
    for (const id of rounds.asked) rounds.due.add(id);
  }
  for (const hook of hooks) {
    if (rounds.round > 0 && !rounds.due.has(hook.id)) continue;
    const subject = { attributes, object, old };
    const selection = selects(ports, hook, subject);
    if (!selection) continue;
    const answer = await consult(ports, "admit", hook, selection, subject);
    const changed =
      answer?.patch !== undefined &&
      answer.patch.length > 0 &&
      patchInPlace(attributes.shown ?? attributes.definition, attributes.shown ?? selection.view, object, answer.patch);
    if (changed) {
      rounds.again = true;
      for (const id of rounds.asked) rounds.due.add(id);
    }
    if (hook.webhook.reinvocationPolicy === "IfNeeded") rounds.asked.push(hook.id);
  }
  rounds.output = JSON.stringify(object);
}

/** Whether the patch made a difference. The object is the caller's: it is changed, not replaced. */
function patchInPlace(own: ResourceDefinition, view: ResourceDefinition, object: KubeObject, patch: unknown[]): boolean {
  const before = JSON.stringify(object);
  try {
    const shown = cloneJson(asView(object, own, view));
    const body = Buffer.from(JSON.stringify(patch));
    const patched = applyPatch(view, shown, { type: "json", body, fieldValidation: "Ignore" }).object;
    applyDefaults(view, patched);
    const back = asView(patched, view, own);
    for (const key of Object.keys(object)) delete object[key];
    Object.assign(object, back);
  } catch (error) {
    throw apiError("InternalError", `Internal error occurred: ${(error as Error).message}`);
  }
  return JSON.stringify(object) !== before;
}
