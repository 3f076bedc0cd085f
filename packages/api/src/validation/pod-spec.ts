/** Pod specs, in pods and in templates (upstream: ValidatePodSpec). */
import type { FieldErrors } from "../field-error.ts";
import { validateAnnotations, validateLabels } from "../meta/validate.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors, qualifiedNameErrors } from "../names.ts";
import type { Container, PodSpec, PodTemplateSpec } from "../types.ts";
import { nonNegative, oneOf, optionalOneOf, validateLabelSelector } from "./common.ts";
import { type ContainerScope, validateContainer } from "./container.ts";
import { validateVolumes } from "./volume.ts";

const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const INT32_MAX = 2147483647;

export function validatePodTemplate(template: PodTemplateSpec | undefined, field: string, errors: FieldErrors): void {
  validateLabels(template?.metadata?.labels, `${field}.labels`, errors);
  validateAnnotations(template?.metadata?.annotations, `${field}.annotations`, errors);
  validatePodSpec(template?.spec ?? { containers: [] }, `${field}.spec`, errors);
  if ((template?.spec?.ephemeralContainers ?? []).length > 0) {
    errors.forbidden(`${field}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template");
  }
}

export function validatePodSpec(spec: PodSpec, field: string, errors: FieldErrors): void {
  const volumes = validateVolumes(spec.volumes ?? [], `${field}.volumes`, errors);
  const scope = { volumes, names: new Set<string>(), hostNetwork: spec.hostNetwork ?? false };
  if ((spec.containers ?? []).length === 0) errors.required(`${field}.containers`);
  validateList(spec.containers ?? [], `${field}.containers`, { ...scope, kind: "main" }, errors);
  validateList(spec.initContainers ?? [], `${field}.initContainers`, { ...scope, kind: "init" }, errors);
  validateList((spec.ephemeralContainers ?? []) as Container[], `${field}.ephemeralContainers`, { ...scope, kind: "ephemeral" }, errors);
  oneOf(`${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES, errors);
  oneOf(`${field}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES, errors);
  validateLabels(spec.nodeSelector, `${field}.nodeSelector`, errors);
  validateNames(spec, field, errors);
  nonNegative(`${field}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds, errors);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > INT32_MAX)) {
    errors.invalid(`${field}.activeDeadlineSeconds`, deadline, `must be between 1 and ${INT32_MAX}, inclusive`);
  }
  validateTolerations(spec, `${field}.tolerations`, errors);
  validateScheduling(spec, field, errors);
}

function validateList(containers: readonly Container[], field: string, scope: ContainerScope, errors: FieldErrors): void {
  const hostPorts = new Set<string>();
  containers.forEach((container, index) => {
    validateContainer(container, `${field}[${index}]`, scope, errors);
    (container.ports ?? []).forEach((port, at) => {
      if (!port.hostPort) return;
      const key = `${port.protocol}/${port.hostIP ?? ""}/${port.hostPort}`;
      if (hostPorts.has(key)) errors.duplicate(`${field}[${index}].ports[${at}].hostPort`, key);
      hostPorts.add(key);
    });
  });
}

function validateNames(spec: PodSpec, field: string, errors: FieldErrors): void {
  for (const name of ["serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"] as const) {
    const value = spec[name];
    if (value) errors.invalidEach(`${field}.${name}`, value, dns1123SubdomainErrors(value));
  }
  for (const name of ["hostname", "subdomain"] as const) {
    const value = spec[name];
    if (value) errors.invalidEach(`${field}.${name}`, value, dns1123LabelErrors(value));
  }
  if (spec.schedulerName) errors.invalidEach(`${field}.schedulerName`, spec.schedulerName, qualifiedNameErrors(spec.schedulerName));
}

function validateTolerations(spec: PodSpec, field: string, errors: FieldErrors): void {
  (spec.tolerations ?? []).forEach((toleration, index) => {
    const at = `${field}[${index}]`;
    if (toleration.key) errors.invalidEach(`${at}.key`, toleration.key, qualifiedNameErrors(toleration.key));
    else if (toleration.operator !== "Exists") {
      errors.invalid(
        `${at}.operator`,
        toleration.operator ?? "",
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      );
    }
    if (toleration.tolerationSeconds !== undefined && toleration.effect !== "NoExecute") {
      errors.invalid(`${at}.effect`, toleration.effect ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    if (toleration.operator === "Exists" && toleration.value) {
      errors.invalid(`${at}.operator`, toleration, "value must be empty when `operator` is 'Exists'");
    }
    optionalOneOf(`${at}.operator`, toleration.operator, ["Equal", "Exists"], errors);
    optionalOneOf(`${at}.effect`, toleration.effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"], errors);
  });
}

function validateScheduling(spec: PodSpec, field: string, errors: FieldErrors): void {
  (spec.topologySpreadConstraints ?? []).forEach((constraint, index) => {
    const at = `${field}.topologySpreadConstraints[${index}]`;
    if (!(constraint.maxSkew > 0)) errors.invalid(`${at}.maxSkew`, constraint.maxSkew ?? 0, "must be greater than zero");
    if (!constraint.topologyKey) errors.required(`${at}.topologyKey`, "can not be empty");
    optionalOneOf(`${at}.whenUnsatisfiable`, constraint.whenUnsatisfiable, ["DoNotSchedule", "ScheduleAnyway"], errors);
    validateLabelSelector(constraint.labelSelector, `${at}.labelSelector`, errors);
  });
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required && (required.nodeSelectorTerms ?? []).length === 0) {
    const at = `${field}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`;
    errors.required(`${at}.nodeSelectorTerms`, "must have at least one node selector term");
  }
}
