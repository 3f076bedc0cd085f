import {
  ApiError,
  type KubeObject,
  REASON_CODES,
  type Registry,
  type ResourceDefinition,
  type StatusReason,
  type ValidatingAdmissionPolicy,
  type ValidatingAdmissionPolicyBinding,
} from "@flotilla/api";
import type { Authorizer } from "../../authz/authorizer.ts";
import { forbidden } from "../../request/errors.ts";
import type { Store } from "../../storage/store.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../admission.ts";
import { cachedNamespace, cachedObjects } from "../cached.ts";
import { bindingsOf } from "../cel/environment.ts";
import { isExempt, matchedView, namespaceMatches, objectMatches, ruleMatches } from "../matching/rules.ts";
import { type CompiledPolicy, type Constraints, compilePolicy, constraintsOf } from "./compiled.ts";
import { evaluatePolicy, type Failure } from "./evaluate.ts";
import { paramsOf } from "./params.ts";

export interface PolicyPorts {
  store: Store;
  definitions: Registry;
  authorizer: Authorizer;
}

const AUDIT_KEY = "validation.policy.admission.k8s.io/validation_failure";

/** A refusal and who speaks it. */
interface Decision extends Failure {
  policy: string;
  binding: string;
  actions: string[];
}

interface Request {
  attributes: AdmissionAttributes;
  object: KubeObject | undefined;
  old: KubeObject | undefined;
}

/** Policies in CEL, bound to resources and parameters (KEP-3488). */
export function validatingAdmissionPolicies(ports: PolicyPorts): AdmissionPlugin {
  const compiled = new WeakMap<object, CompiledPolicy>();
  const compiledOf = (policy: ValidatingAdmissionPolicy): CompiledPolicy => {
    let known = compiled.get(policy);
    if (!known) compiled.set(policy, (known = compilePolicy(policy)));
    return known;
  };
  return {
    name: "ValidatingAdmissionPolicy",
    validate(attributes, object, old) {
      const bindings = cachedObjects<ValidatingAdmissionPolicyBinding>(ports.store, "validatingadmissionpolicybindings", "");
      if (bindings.length === 0 || isExempt(attributes)) return;
      const request = { attributes, object, old };
      const decisions: Decision[] = [];
      for (const policy of cachedObjects<ValidatingAdmissionPolicy>(ports.store, "validatingadmissionpolicies", "")) {
        const bound = bindings.filter(({ spec }) => spec?.policyName === policy.metadata.name);
        if (bound.length === 0) continue;
        decisions.push(...decide(ports, policy, compiledOf(policy), bound, request));
      }
      publish(attributes, decisions);
    },
  };
}

function decide(
  ports: PolicyPorts,
  policy: ValidatingAdmissionPolicy,
  compiled: CompiledPolicy,
  bindings: ValidatingAdmissionPolicyBinding[],
  request: Request,
): Decision[] {
  const view = viewOfMatch(ports, compiled.constraints, request);
  if (!view) return [];
  const { attributes, object, old } = request;
  const names = bindingsOf(ports.authorizer, attributes, view, object, old);
  names["namespaceObject"] = attributes.definition.namespaced ? (cachedNamespace(ports.store, attributes.namespace) ?? null) : null;
  const ignoreErrors = policy.spec?.failurePolicy === "Ignore";
  return bindings.flatMap((binding) => {
    const resources = binding.spec?.matchResources;
    if (resources && !viewOfMatch(ports, constraintsOf(resources), request)) return [];
    const decision = (failure: Failure): Decision => ({
      ...failure,
      policy: policy.metadata.name!,
      binding: binding.metadata.name!,
      actions: binding.spec?.validationActions ?? ["Deny"],
    });
    return failuresOf(ports, policy, compiled, binding, names, attributes)
      .filter(({ errored }) => !errored || !ignoreErrors)
      .map(decision);
  });
}

/** What the policy finds for every parameter of the binding. */
function failuresOf(
  ports: PolicyPorts,
  policy: ValidatingAdmissionPolicy,
  compiled: CompiledPolicy,
  binding: ValidatingAdmissionPolicyBinding,
  names: Record<string, unknown>,
  attributes: AdmissionAttributes,
): Failure[] {
  const errored = (message: string): Failure[] => [{ index: -1, message, reason: undefined, errored: true }];
  let params: (KubeObject | null)[];
  try {
    params = paramsOf(ports, policy.spec?.paramKind, binding.spec?.paramRef, attributes);
  } catch (error) {
    return errored(`failed to configure binding: ${(error as Error).message}`);
  }
  return params.flatMap((param) => {
    const scoped = { ...names, params: param };
    const verdict = compiled.conditions.check(() => scoped);
    if (verdict === "no match") return [];
    if (verdict !== "match") return errored(verdict.error);
    const { failures, annotations } = evaluatePolicy(compiled, scoped);
    for (const { key, value } of annotations) {
      if (attributes.annotations) attributes.annotations[`${policy.metadata.name}/${key}`] = value;
    }
    return failures;
  });
}

/** The view of the object that the constraints ask for; a binding may leave its rules out: then any. */
function viewOfMatch(ports: PolicyPorts, constraints: Constraints, { attributes, object, old }: Request): ResourceDefinition | undefined {
  const { rules, excluded, matchPolicy, namespaceSelector, objectSelector } = constraints;
  if (excluded.some((rule) => ruleMatches(rule, attributes, attributes.definition))) return undefined;
  const view = rules.length === 0 ? attributes.definition : matchedView(ports.definitions, rules, matchPolicy, attributes);
  if (!view || !objectMatches(objectSelector, object, old)) return undefined;
  const namespace = attributes.definition.namespaced ? cachedNamespace(ports.store, attributes.namespace) : undefined;
  return namespaceMatches(namespaceSelector, attributes, namespace, object, old) ? view : undefined;
}

/** Warnings, notes for the audit log, and then the first refusal. */
function publish(attributes: AdmissionAttributes, decisions: readonly Decision[]): void {
  const audited = decisions.filter(({ actions }) => actions.includes("Audit"));
  for (const { policy, binding, message, actions } of decisions) {
    if (actions.includes("Warn")) {
      attributes.warnings.push(`Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${message}`);
    }
  }
  if (audited.length > 0 && attributes.annotations) {
    const notes = audited.map(({ message, policy, binding, index, actions }) => ({
      message,
      policy,
      binding,
      expressionIndex: Math.max(index, 0),
      validationActions: actions,
    }));
    attributes.annotations[AUDIT_KEY] = JSON.stringify(notes);
  }
  const denied = decisions.find(({ actions }) => actions.includes("Deny"));
  if (denied) throw refusal(attributes, denied);
}

function refusal({ definition, name }: AdmissionAttributes, { policy, binding, message, reason = "Invalid" }: Decision): ApiError {
  const why = `ValidatingAdmissionPolicy '${policy}' with binding '${binding}' denied request: ${message}`;
  const { status } = forbidden(definition, name, why);
  return new ApiError({
    ...status,
    reason: reason as StatusReason,
    code: REASON_CODES[reason as StatusReason] ?? 422,
    details: { ...status.details, causes: [{ message: why }] },
  });
}
