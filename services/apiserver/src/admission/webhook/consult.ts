import { apiError, type Registry } from "@flotilla/api";
import { type Clock, type Logger, type Random, uuid } from "@flotilla/base";
import type { Authorizer } from "../../authz/authorizer.ts";
import { type WebhookClient, WebhookError } from "../../network/webhook-client.ts";
import { forbidden } from "../../request/errors.ts";
import type { CacheReader } from "../cached.ts";
import { admissionRequest } from "../matching/request.ts";
import type { Hook, Selection, Subject } from "./hooks.ts";
import type { HookType, WebhookMetrics } from "./metrics.ts";
import { deniedBy, type ReviewAnswer, type ReviewVersion, readReview, reviewBody } from "./review.ts";

export interface WebhookPorts {
  store: CacheReader;
  definitions: Registry;
  authorizer: Authorizer;
  clock: Clock;
  random: Random;
  log: Logger;
  webhooks: Pick<WebhookClient, "post">;
  webhookMetrics: WebhookMetrics;
}

const TIMEOUT_DEFAULT_SECONDS = 10;

/**
 * Asks one webhook. undefined: it failed and its policy is to go on without it.
 * @throws ApiError its refusal; InternalError when it failed and must not.
 */
export async function consult(
  ports: WebhookPorts,
  type: HookType,
  hook: Hook,
  { view, verdict }: Selection,
  { attributes, object, old }: Subject,
): Promise<ReviewAnswer | undefined> {
  const { clock, webhookMetrics: metrics } = ports;
  const { name, webhook } = hook;
  const { operation } = attributes;
  const ignore = webhook.failurePolicy === "Ignore";
  if (verdict !== "match") {
    if (ignore) return undefined;
    throw forbidden(attributes.definition, attributes.name, verdict.error);
  }
  if (attributes.dryRun && webhook.sideEffects !== "None" && webhook.sideEffects !== "NoneOnDryRun") {
    throw apiError("BadRequest", `admission webhook ${JSON.stringify(name)} does not support dry run`);
  }
  const started_ms = clock.monotonic();
  let answer: ReviewAnswer;
  try {
    const request = admissionRequest(attributes, view, object, old);
    answer = await ask(ports, type, hook, request);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const failure = `failed calling webhook ${JSON.stringify(name)}: ${error.message}`;
    metrics.observe(name, type, operation, !ignore, (clock.monotonic() - started_ms) / 1000);
    if (ignore) {
      metrics.failOpen(name, type);
      ports.log.warn("webhook failed open", { webhook: name, why: error.message });
      return undefined;
    }
    metrics.reject(name, type, operation, "calling_webhook_error", 500);
    throw apiError("InternalError", `Internal error occurred: ${failure}`, { causes: [{ message: failure }] });
  }
  metrics.observe(name, type, operation, !answer.allowed, (clock.monotonic() - started_ms) / 1000);
  attributes.warnings.push(...answer.warnings);
  for (const [key, value] of Object.entries(answer.auditAnnotations)) {
    if (attributes.annotations) attributes.annotations[`${name}/${key}`] = value;
  }
  if (!answer.allowed) {
    const refusal = deniedBy(name, answer.status);
    metrics.reject(name, type, operation, "no_error", refusal.code);
    throw refusal;
  }
  return answer;
}

async function ask(ports: WebhookPorts, type: HookType, { webhook }: Hook, request: Record<string, unknown>): Promise<ReviewAnswer> {
  const version = webhook.admissionReviewVersions.find((known): known is ReviewVersion => known === "v1" || known === "v1beta1");
  if (!version) throw new WebhookError("answer", "webhook does not accept known AdmissionReview versions (v1, v1beta1)");
  const uid = uuid(ports.random);
  const timeout_ms = (webhook.timeoutSeconds ?? TIMEOUT_DEFAULT_SECONDS) * 1000;
  const answer = await ports.webhooks.post(webhook.clientConfig as never, reviewBody(version, uid, request), timeout_ms);
  return readReview(version, uid, type === "admit", answer);
}
