/** ValidatingAdmissionPolicy and its binding, but for the CEL inside (KEP-3488; upstream: admissionregistration/validation). */
import type { FieldErrors } from "../field-error.ts";
import { byteLength, dns1035LabelErrors, dns1123SubdomainErrors, pathSegmentErrors, qualifiedNameErrors } from "../names.ts";
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from "../types.ts";
import { FAILURE_POLICIES, validateMatchConditions, validateMatchResources } from "./admission-rules.ts";
import { validateLabelSelector } from "./common.ts";

type PolicySpec = NonNullable<ValidatingAdmissionPolicy["spec"]>;
type BindingSpec = NonNullable<ValidatingAdmissionPolicyBinding["spec"]>;

const REASONS = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];
const ACTIONS = ["Audit", "Deny", "Warn"];
const AUDIT_ANNOTATIONS_MAX = 20;
const VALUE_EXPRESSION_BYTES_MAX = 5 * 1024;
const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const RESERVED = new Set("true false null in as break const continue else for function if import let loop package namespace".split(" "))
  .add("return")
  .add("var")
  .add("void")
  .add("while");

export function validatePolicy(policy: ValidatingAdmissionPolicy, errors: FieldErrors): void {
  const spec: PolicySpec = policy.spec ?? {};
  if (!spec.failurePolicy) errors.required("spec.failurePolicy");
  else if (!FAILURE_POLICIES.includes(spec.failurePolicy)) errors.notSupported("spec.failurePolicy", spec.failurePolicy, FAILURE_POLICIES);
  if (spec.paramKind) validateParamKind(spec.paramKind, errors);
  if (!spec.matchConstraints) errors.required("spec.matchConstraints");
  else {
    validateMatchResources(spec.matchConstraints, "spec.matchConstraints", errors);
    if ((spec.matchConstraints.resourceRules ?? []).length === 0) errors.required("spec.matchConstraints.resourceRules");
  }
  validateMatchConditions(spec.matchConditions ?? [], "spec.matchConditions", errors);
  validateVariables(spec.variables ?? [], errors);
  const [validations, annotations] = [spec.validations ?? [], spec.auditAnnotations ?? []];
  if (validations.length === 0 && annotations.length === 0) {
    const text = "validations or auditAnnotations must be specified, both cannot be empty";
    errors.required("spec.validations", text);
    return errors.required("spec.auditAnnotations", text);
  }
  validations.forEach((validation, index) => {
    validateValidation(validation, `spec.validations[${index}]`, errors);
  });
  validateAuditAnnotations(policy.metadata.name ?? "", annotations, errors);
}

function validateParamKind({ apiVersion, kind }: NonNullable<PolicySpec["paramKind"]>, errors: FieldErrors): void {
  const at = "spec.paramKind";
  if (!apiVersion) errors.required(`${at}.apiVersion`);
  else {
    const parts = apiVersion.split("/");
    const version = parts.at(-1)!;
    if (parts.length > 2) errors.invalid(`${at}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
    else {
      const group = parts.length === 2 ? parts[0]! : "";
      const problems = group === "" ? [] : dns1123SubdomainErrors(group);
      if (problems.length > 0) errors.invalid(`${at}.apiVersion`, group, problems.join(","));
      if (version === "") errors.invalid(`${at}.apiVersion`, apiVersion, "version must be specified");
      else if (dns1035LabelErrors(version).length > 0) errors.invalid(`${at}.apiVersion`, version, dns1035LabelErrors(version).join(","));
    }
  }
  if (!kind) errors.required(`${at}.kind`);
  else if (dns1035LabelErrors(kind.toLowerCase()).length > 0) {
    const problems = dns1035LabelErrors(kind.toLowerCase()).join(",");
    errors.invalid(`${at}.kind`, kind, `may have mixed case, but should otherwise match: ${problems}`);
  }
}

function validateVariables(variables: NonNullable<PolicySpec["variables"]>, errors: FieldErrors): void {
  const names = new Set<string>();
  variables.forEach(({ name, expression }, index) => {
    const at = `spec.variables[${index}]`;
    if (!name?.trim()) errors.required(`${at}.name`, "name is not specified");
    else if (!IDENTIFIER.test(name) || RESERVED.has(name)) errors.invalid(`${at}.name`, name, "name is not a valid CEL identifier");
    if (!expression?.trim()) errors.required(`${at}.expression`, "expression is not specified");
    if (names.has(name)) errors.duplicate(`${at}.name`, name);
    names.add(name);
  });
}

function validateValidation(validation: NonNullable<PolicySpec["validations"]>[number], field: string, errors: FieldErrors): void {
  const { expression, message, messageExpression, reason } = validation;
  if (!expression?.trim()) errors.required(`${field}.expression`, "expression is not specified");
  if (messageExpression && !messageExpression.trim()) {
    errors.invalid(`${field}.messageExpression`, messageExpression, "must be non-empty if specified");
  }
  if (message && !message.trim()) errors.invalid(`${field}.message`, message, "message must be non-empty if specified");
  else if (/[\r\n]/.test(message?.trim() ?? "")) errors.invalid(`${field}.message`, message, "message must not contain line breaks");
  else if (/[\r\n]/.test(expression?.trim() ?? "") && !message?.trim()) {
    errors.required(`${field}.message`, "message must be specified if expression contains line breaks");
  }
  if (reason !== undefined && !REASONS.includes(reason)) errors.notSupported(`${field}.reason`, reason, REASONS);
}

function validateAuditAnnotations(policy: string, annotations: NonNullable<PolicySpec["auditAnnotations"]>, errors: FieldErrors): void {
  const at = "spec.auditAnnotations";
  if (annotations.length > AUDIT_ANNOTATIONS_MAX) {
    errors.invalid(at, annotations, `must not have more than ${AUDIT_ANNOTATIONS_MAX} auditAnnotations`);
  }
  const keys = new Set<string>();
  annotations.forEach(({ key, valueExpression }, index) => {
    // The key of the audit event's annotation is policy name/key.
    const problems = policy === "" ? [] : qualifiedNameErrors(`${policy}/${key}`);
    errors.invalidEach(`${at}[${index}].key`, key, problems);
    if (!valueExpression?.trim()) errors.required(`${at}[${index}].valueExpression`, "valueExpression is not specified");
    else if (byteLength(valueExpression) > VALUE_EXPRESSION_BYTES_MAX)
      errors.tooLong(`${at}[${index}].valueExpression`, VALUE_EXPRESSION_BYTES_MAX);
    if (keys.has(key)) errors.duplicate(`${at}[${index}].key`, key);
    keys.add(key);
  });
}

export function validatePolicyBinding(binding: ValidatingAdmissionPolicyBinding, errors: FieldErrors): void {
  const spec: BindingSpec = binding.spec ?? {};
  if (!spec.policyName) errors.required("spec.policyName");
  else errors.invalidEach("spec.policyName", spec.policyName, dns1123SubdomainErrors(spec.policyName));
  if (spec.paramRef) validateParamRef(spec.paramRef, "spec.paramRef", errors);
  if (spec.matchResources) validateMatchResources(spec.matchResources, "spec.matchResources", errors);
  validateActions(spec.validationActions ?? [], "spec.validationActions", errors);
}

function validateParamRef(ref: NonNullable<BindingSpec["paramRef"]>, field: string, errors: FieldErrors): void {
  const exclusive = "name and selector are mutually exclusive";
  if (ref.name) {
    errors.invalidEach(`${field}.name`, ref.name, pathSegmentErrors(ref.name));
    if (ref.selector) errors.forbidden(`${field}.name`, exclusive);
  }
  if (ref.selector) {
    validateLabelSelector(ref.selector, `${field}.selector`, errors);
    if (ref.name) errors.forbidden(`${field}.selector`, exclusive);
  }
  if (!ref.name && !ref.selector) errors.required(field, "one of name or selector must be specified");
  const action = ref.parameterNotFoundAction;
  if (!action) errors.required(`${field}.parameterNotFoundAction`);
  else if (action !== "Allow" && action !== "Deny") errors.notSupported(`${field}.parameterNotFoundAction`, action, ["Deny", "Allow"]);
}

function validateActions(actions: readonly string[], field: string, errors: FieldErrors): void {
  if (actions.length === 0) errors.required(field, "at least one validation action is required");
  actions.forEach((action, index) => {
    if (!ACTIONS.includes(action)) errors.notSupported(`${field}[${index}]`, action, ACTIONS);
    if (actions.indexOf(action) < index) errors.duplicate(`${field}[${index}]`, action);
  });
  if (actions.includes("Deny") && actions.includes("Warn")) {
    const why = "repeating the same validation failure information in the API response and headers serves no purpose";
    errors.invalid(field, actions, `must not contain both Deny and Warn (${why})`);
  }
}
