/** CustomResourceDefinitions without their schemas (upstream: apiextensions-apiserver/pkg/apis/apiextensions/validation). */
import type { FieldErrors } from "../field-error.ts";
import { dns1035LabelErrors, dns1123SubdomainErrors } from "../names.ts";
import { isConditionTrue } from "../pod.ts";
import type { CustomResourceDefinition } from "../types.ts";
import { immutable, oneOf } from "./common.ts";
import { validateReviewVersions } from "./webhook.ts";
import { validateWebhookClient } from "./webhook-client.ts";

type Spec = CustomResourceDefinition["spec"];

const SCOPES = ["Cluster", "Namespaced"];
const APPROVAL_ANNOTATION = "api-approved.kubernetes.io";
const PROTECTED_GROUP = /(^|\.)(k8s\.io|kubernetes\.io)$/;
const WARNING_CHARS_MAX = 256;

export function validateCrd(crd: CustomResourceDefinition, errors: FieldErrors): void {
  const spec: Partial<Spec> = crd.spec ?? {};
  const { group = "", names = { kind: "", plural: "" }, versions = [] } = spec;
  if (crd.metadata.name !== `${names.plural}.${group}`) {
    errors.invalid("metadata.name", crd.metadata.name ?? "", 'must be spec.names.plural+"."+spec.group');
  }
  validateGroup(group, errors);
  if (PROTECTED_GROUP.test(group)) validateApproval(crd.metadata.annotations?.[APPROVAL_ANNOTATION], errors);
  oneOf("spec.scope", spec.scope, SCOPES, errors);
  validateVersions(versions, errors);
  if (spec.preserveUnknownFields) {
    errors.invalid(
      "spec.preserveUnknownFields",
      true,
      "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
    );
  }
  validateNames(names, "spec.names", errors);
  validateConversion(spec.conversion, errors);
}

function validateGroup(group: string, errors: FieldErrors): void {
  if (group === "") return errors.required("spec.group");
  const problems = dns1123SubdomainErrors(group);
  if (problems.length > 0) errors.invalid("spec.group", group, problems.join(","));
  else if (!group.includes(".")) errors.invalid("spec.group", group, "should be a domain with at least one dot");
}

/** Groups of the community need its approval: an URL, or "unapproved…" (KEP-1111). */
function validateApproval(value: string | undefined, errors: FieldErrors): void {
  const field = `metadata.annotations[${APPROVAL_ANNOTATION}]`;
  const see = "see https://github.com/kubernetes/enhancements/pull/1111";
  if (!value) errors.required(field, `protected groups must have approval annotation "${APPROVAL_ANNOTATION}", ${see}`);
  else if (!value.startsWith("unapproved") && !/^https?:\/\/[^/]+/.test(value)) {
    errors.invalid(
      field,
      value,
      `protected groups must have approval annotation "${APPROVAL_ANNOTATION}" with either a URL or a reason starting with "unapproved", ${see}`,
    );
  }
}

function validateVersions(versions: Spec["versions"], errors: FieldErrors): void {
  versions.forEach((version, index) => {
    const at = `spec.versions[${index}]`;
    joined(`${at}.name`, version.name ?? "", dns1035LabelErrors(version.name ?? ""), errors);
    if (!version.schema?.openAPIV3Schema) errors.required(`${at}.schema.openAPIV3Schema`, "schemas are required");
    const warning = version.deprecationWarning;
    if (warning === undefined) return;
    if (!version.deprecated) errors.invalid(`${at}.deprecationWarning`, warning, "can only be set for deprecated versions");
    if (warning === "") errors.invalid(`${at}.deprecationWarning`, warning, "must not be an empty string");
    if (warning.length > WARNING_CHARS_MAX) errors.tooLong(`${at}.deprecationWarning`, WARNING_CHARS_MAX);
  });
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    errors.invalid("spec.versions", versions, "must contain unique version names");
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.invalid("spec.versions", versions, "must have exactly one version marked as storage version");
  }
}

function validateNames(names: Spec["names"], field: string, errors: FieldErrors): void {
  for (const name of ["plural", "singular", "kind", "listKind"] as const) if (!names[name]) errors.required(`${field}.${name}`);
  for (const name of ["plural", "singular"] as const) {
    if (names[name]) joined(`${field}.${name}`, names[name], dns1035LabelErrors(names[name]), errors);
  }
  for (const name of ["kind", "listKind"] as const) {
    const problems = names[name] ? dns1035LabelErrors(names[name].toLowerCase()) : [];
    if (problems.length > 0) {
      errors.invalid(`${field}.${name}`, names[name], `may have mixed case, but should otherwise match: ${problems.join(",")}`);
    }
  }
  for (const list of ["shortNames", "categories"] as const) {
    (names[list] ?? []).forEach((name, index) => {
      joined(`${field}.${list}[${index}]`, name, dns1035LabelErrors(name), errors);
    });
  }
  if (names.kind && names.kind === names.listKind) {
    errors.invalid(`${field}.listKind`, names.listKind, "kind and listKind may not be the same");
  }
}

function joined(field: string, value: string, problems: readonly string[], errors: FieldErrors): void {
  if (problems.length > 0) errors.invalid(field, value, problems.join(","));
}

function validateConversion(conversion: Spec["conversion"], errors: FieldErrors): void {
  const at = "spec.conversion";
  oneOf(`${at}.strategy`, conversion?.strategy, ["None", "Webhook"], errors);
  const { webhook } = conversion ?? {};
  if (conversion?.strategy !== "Webhook") {
    if (webhook) errors.forbidden(`${at}.webhook`, "should not be set when strategy is not set to Webhook");
    return;
  }
  if (!webhook?.clientConfig) errors.required(`${at}.webhook.clientConfig`, "required when strategy is set to Webhook");
  else validateWebhookClient(webhook.clientConfig, `${at}.webhook.clientConfig`, errors);
  validateReviewVersions(webhook?.conversionReviewVersions ?? [], `${at}.webhook.conversionReviewVersions`, errors);
}

export function validateCrdUpdate(crd: CustomResourceDefinition, old: CustomResourceDefinition, errors: FieldErrors): void {
  const [spec, before] = [crd.spec, old.spec];
  immutable("spec.group", spec.group, before.group, errors);
  immutable("spec.names.plural", spec.names?.plural, before.names?.plural, errors);
  validateStoredVersions(crd, errors);
  // Names that other kinds might still take may change until they are this one's.
  if (!isConditionTrue(old.status?.conditions, "Established")) return;
  immutable("spec.scope", spec.scope, before.scope, errors);
  immutable("spec.names.kind", spec.names?.kind, before.names?.kind, errors);
}

function validateStoredVersions({ spec, status }: CustomResourceDefinition, errors: FieldErrors): void {
  (status?.storedVersions ?? []).forEach((version, index) => {
    if (spec.versions.some(({ name }) => name === version)) return;
    const until = `until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`;
    const problem = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions ${until}`;
    errors.invalid(`status.storedVersions[${index}]`, version, problem);
  });
}
