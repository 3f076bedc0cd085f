/** Pod specs, in pods and in templates (upstream: ValidatePodSpec). */
import type { FieldErrors } from "../field-error.ts";
import { validateAnnotations, validateLabels } from "../meta/validate.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors, qualifiedNameErrors } from "../names.ts";
import type { Container, PodSpec, PodTemplateSpec } from "../types.ts";
import { validateAffinity, validateSpread } from "./affinity.ts";
import { oneOf } from "./common.ts";
import { type ContainerScope, validateContainer } from "./container.ts";
import { validateEphemeralFields } from "./ephemeral-container.ts";
import { validateDns, validateHostAliases } from "./pod-dns.ts";
import { validateRequirements } from "./resources.ts";
import { validatePodSecurity } from "./security-context.ts";
import { validateTolerations } from "./tolerations.ts";
import { validateVolumes } from "./volume.ts";

const RESTART_POLICIES = ["Always", "Never", "OnFailure"];
const DNS_POLICIES = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
const PREEMPTION_POLICIES = ["Never", "PreemptLowerPriority"];
const INT32_MAX = 2147483647;

export function validatePodTemplate(template: PodTemplateSpec | undefined, field: string, errors: FieldErrors): void {
  validateLabels(template?.metadata?.labels, `${field}.labels`, errors);
  validateAnnotations(template?.metadata?.annotations, `${field}.annotations`, errors);
  validatePodSpec(template?.spec ?? { containers: [] }, `${field}.spec`, errors);
  if ((template?.spec?.ephemeralContainers ?? []).length > 0) {
    errors.forbidden(`${field}.spec.ephemeralContainers`, "ephemeral containers not allowed in pod template");
  }
}

/** `podName` where it is known: ephemeral volumes get claims named after it. */
export function validatePodSpec(spec: PodSpec, field: string, errors: FieldErrors, podName?: string): void {
  validateContainers(spec, podName, field, errors);
  oneOf(`${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES, errors);
  oneOf(`${field}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES, errors);
  validateLabels(spec.nodeSelector, `${field}.nodeSelector`, errors);
  validatePodSecurity(spec, field, errors);
  validateAffinity(spec.affinity, `${field}.affinity`, errors);
  validateDns(spec, `${field}.dnsConfig`, errors);
  (spec.readinessGates ?? []).forEach(({ conditionType = "" }, index) => {
    errors.invalidEach(`${field}.readinessGates[${index}].conditionType`, conditionType, qualifiedNameErrors(conditionType));
  });
  validateSpread(spec.topologySpreadConstraints ?? [], `${field}.topologySpreadConstraints`, errors);
  validateSettings(spec, field, errors);
}

function validateContainers(spec: PodSpec, podName: string | undefined, field: string, errors: FieldErrors): void {
  const volumes = validateVolumes(spec.volumes ?? [], podName, `${field}.volumes`, errors);
  const scope = { volumes, names: new Set<string>(), hostUsers: spec.hostUsers };
  if ((spec.containers ?? []).length === 0) errors.required(`${field}.containers`);
  validateList(spec.containers ?? [], `${field}.containers`, { ...scope, kind: "main" }, errors);
  uniqueHostPorts(spec.containers ?? [], `${field}.containers`, errors);
  validateList(spec.initContainers ?? [], `${field}.initContainers`, { ...scope, kind: "init" }, errors);
  // They run one after another: their ports don't meet.
  for (const container of spec.initContainers ?? []) uniqueHostPorts([container], `${field}.initContainers`, errors);
  const ephemeral = spec.ephemeralContainers ?? [];
  validateList(ephemeral as Container[], `${field}.ephemeralContainers`, { ...scope, kind: "ephemeral" }, errors);
  ephemeral.forEach((container, index) => {
    validateEphemeralFields(container, spec, `${field}.ephemeralContainers[${index}]`, errors);
  });
}

function validateList(containers: readonly Container[], field: string, scope: ContainerScope, errors: FieldErrors): void {
  containers.forEach((container, index) => {
    validateContainer(container, `${field}[${index}]`, scope, errors);
  });
}

function uniqueHostPorts(containers: readonly Container[], field: string, errors: FieldErrors): void {
  const taken = new Set<string>();
  containers.forEach(({ ports = [] }, index) => {
    ports.forEach(({ protocol, hostIP = "", hostPort }, at) => {
      if (!hostPort) return;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) errors.duplicate(`${field}[${index}].ports[${at}].hostPort`, key);
      taken.add(key);
    });
  });
}

function validateSettings(spec: PodSpec, field: string, errors: FieldErrors): void {
  const named = (name: "hostname" | "nodeName" | "priorityClassName" | "runtimeClassName" | "serviceAccountName" | "subdomain"): void => {
    const rule = name === "hostname" || name === "subdomain" ? dns1123LabelErrors : dns1123SubdomainErrors;
    const value = spec[name];
    if (value) errors.invalidEach(`${field}.${name}`, value, rule(value));
  };
  named("serviceAccountName");
  named("nodeName");
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > INT32_MAX)) {
    errors.invalid(`${field}.activeDeadlineSeconds`, deadline, `must be between 1 and ${INT32_MAX}, inclusive`);
  }
  named("hostname");
  named("subdomain");
  validateTolerations(spec.tolerations ?? [], `${field}.tolerations`, errors);
  validateHostAliases(spec.hostAliases, `${field}.hostAliases`, errors);
  named("priorityClassName");
  if (spec.runtimeClassName !== undefined)
    errors.invalidEach(`${field}.runtimeClassName`, spec.runtimeClassName, dns1123SubdomainErrors(spec.runtimeClassName));
  const preemption = spec.preemptionPolicy;
  if (preemption !== undefined) oneOf(`${field}.preemptionPolicy`, preemption, PREEMPTION_POLICIES, errors);
  if (spec.overhead) validateRequirements({ limits: spec.overhead }, `${field}.overhead`, errors);
  const gates = new Set<string>();
  (spec.schedulingGates ?? []).forEach(({ name = "" }, index) => {
    const at = `${field}.schedulingGates[${index}]`;
    errors.invalidEach(`${at}.name`, name, qualifiedNameErrors(name));
    if (gates.has(name)) errors.duplicate(at, name);
    gates.add(name);
  });
  if (spec.os && spec.os.name !== "linux" && spec.os.name !== "windows")
    errors.notSupported(`${field}.os`, spec.os.name, ["linux", "windows"]);
}
