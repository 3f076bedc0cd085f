/** Admission webhooks, validating and mutating alike. */
import type { FieldErrors } from "../field-error.ts";
import { dns1035LabelErrors, dns1123SubdomainErrors } from "../names.ts";
import type { LabelSelector } from "../types.ts";
import {
  type AdmissionRule,
  defaultRules,
  FAILURE_POLICIES,
  MATCH_POLICIES,
  type MatchCondition,
  validateMatchConditions,
  validateRule,
} from "./admission-rules.ts";
import { optionalOneOf, validateLabelSelector } from "./common.ts";
import { defaultWebhookClient, validateWebhookClient, type WebhookClient } from "./webhook-client.ts";

export interface Webhook {
  name?: string;
  clientConfig?: WebhookClient;
  rules?: AdmissionRule[];
  failurePolicy?: string;
  matchPolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  sideEffects?: string;
  timeoutSeconds?: number;
  admissionReviewVersions?: string[];
  matchConditions?: MatchCondition[];
  /** Mutating webhooks only. */
  reinvocationPolicy?: string;
}

const TIMEOUT_DEFAULT_SECONDS = 10;
const TIMEOUT_MAX_SECONDS = 30;
const SIDE_EFFECTS = ["None", "NoneOnDryRun"];
const REVIEW_VERSIONS = ["v1", "v1beta1"];

export function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ??= "Fail";
  webhook.matchPolicy ??= "Equivalent";
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= TIMEOUT_DEFAULT_SECONDS;
  defaultWebhookClient(webhook.clientConfig);
  defaultRules(webhook.rules);
}

export function validateWebhooks(webhooks: readonly Webhook[], errors: FieldErrors): void {
  const names = new Set<string>();
  webhooks.forEach((webhook, index) => {
    const at = `webhooks[${index}]`;
    validateWebhook(webhook, at, errors);
    if (webhook.name && names.has(webhook.name)) errors.duplicate(`${at}.name`, webhook.name);
    names.add(webhook.name ?? "");
  });
}

function validateWebhook(webhook: Webhook, field: string, errors: FieldErrors): void {
  validateQualifiedName(webhook.name ?? "", `${field}.name`, errors);
  (webhook.rules ?? []).forEach((rule, index) => {
    validateRule(rule, `${field}.rules[${index}]`, errors);
  });
  optionalOneOf(`${field}.failurePolicy`, webhook.failurePolicy, FAILURE_POLICIES, errors);
  optionalOneOf(`${field}.matchPolicy`, webhook.matchPolicy, MATCH_POLICIES, errors);
  if (webhook.sideEffects === undefined) errors.required(`${field}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(", ")}`);
  else if (!SIDE_EFFECTS.includes(webhook.sideEffects)) errors.notSupported(`${field}.sideEffects`, webhook.sideEffects, SIDE_EFFECTS);
  const timeout_seconds = webhook.timeoutSeconds;
  if (timeout_seconds !== undefined && (timeout_seconds < 1 || timeout_seconds > TIMEOUT_MAX_SECONDS)) {
    errors.invalid(`${field}.timeoutSeconds`, timeout_seconds, "the timeout value must be between 1 and 30 seconds");
  }
  validateLabelSelector(webhook.namespaceSelector, `${field}.namespaceSelector`, errors);
  validateLabelSelector(webhook.objectSelector, `${field}.objectSelector`, errors);
  validateWebhookClient(webhook.clientConfig, `${field}.clientConfig`, errors);
  validateMatchConditions(webhook.matchConditions ?? [], `${field}.matchConditions`, errors);
  optionalOneOf(`${field}.reinvocationPolicy`, webhook.reinvocationPolicy, ["IfNeeded", "Never"], errors);
  validateReviewVersions(webhook.admissionReviewVersions ?? [], `${field}.admissionReviewVersions`, errors);
}

function validateQualifiedName(name: string, field: string, errors: FieldErrors): void {
  if (name === "") return errors.required(field);
  const problems = dns1123SubdomainErrors(name);
  if (problems.length > 0) errors.invalid(field, name, problems.join(","));
  else if (name.split(".").length < 3) errors.invalid(field, name, "should be a domain with at least three segments separated by dots");
}

/** Versions of AdmissionReview (or ConversionReview) that a webhook understands: at least one must be known here. */
export function validateReviewVersions(versions: readonly string[], field: string, errors: FieldErrors): void {
  if (versions.length === 0) return errors.required(field, `must specify one of ${REVIEW_VERSIONS.join(", ")}`);
  versions.forEach((version, index) => {
    if (versions.indexOf(version) < index) errors.invalid(`${field}[${index}]`, version, "duplicate version");
    else errors.invalidEach(`${field}[${index}]`, version, dns1035LabelErrors(version));
  });
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version))) {
    errors.invalid(field, versions, `must include at least one of ${REVIEW_VERSIONS.join(", ")}`);
  }
}
