/** Pods themselves: what may change after creation. */
import type { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { dns1123SubdomainErrors } from "../names.ts";
import type { Container, Pod, PodSpec } from "../types.ts";
import { immutable } from "./common.ts";
import { changedPaths } from "./diff.ts";
import { ipErrors } from "./ip.ts";
import { validatePodSpec } from "./pod-spec.ts";

const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";
const MUTABLE_TEXT =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

export function validatePod(pod: Pod, errors: FieldErrors): void {
  const spec = pod.spec ?? { containers: [] };
  validatePodSpec(spec, "spec", errors, pod.metadata.name);
  const mirrors = pod.metadata.annotations?.[MIRROR_ANNOTATION];
  if (mirrors !== undefined && !spec.nodeName) {
    errors.invalid(`metadata.annotations[${MIRROR_ANNOTATION}]`, mirrors, "must set spec.nodeName if mirror pod annotation is set");
  }
}

/** Templates have been let pass with such images too long to be told now. */
export function validatePodCreate({ spec }: Pod, errors: FieldErrors): void {
  for (const list of ["containers", "initContainers"] as const) {
    (spec?.[list] ?? []).forEach(({ image = "" }, index) => {
      if (image !== image.trim()) errors.invalid(`spec.${list}[${index}].image`, image, "must not have leading or trailing whitespace");
    });
  }
}

export function validatePodUpdate(pod: Pod, old: Pod, errors: FieldErrors): void {
  const [spec, before] = [pod.spec!, old.spec!];
  if ((spec.containers ?? []).length !== (before.containers ?? []).length) {
    return errors.forbidden("spec.containers", "pod updates may not add or remove containers");
  }
  if ((spec.initContainers ?? []).length !== (before.initContainers ?? []).length) {
    return errors.forbidden("spec.initContainers", "pod updates may not add or remove containers");
  }
  validateTolerationsUpdate(spec, before, errors);
  const masked = maskMutable(spec, before);
  if (!jsonEqual(masked, before)) errors.forbidden("spec", `${MUTABLE_TEXT}\n${changedPaths(before, masked)}`);
}

/** The new spec with everything that may change put back to what it was. */
function maskMutable(spec: PodSpec, before: PodSpec): PodSpec {
  const masked: PodSpec = {
    ...spec,
    containers: restoreImages(spec.containers, before.containers),
    activeDeadlineSeconds: before.activeDeadlineSeconds,
    tolerations: before.tolerations,
  };
  if (spec.initContainers) masked.initContainers = restoreImages(spec.initContainers, before.initContainers ?? []);
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    masked.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds;
  }
  if ((before.schedulingGates ?? []).length > 0) maskGated(masked, spec, before);
  return masked;
}

/** While gated, gates may go and node selectors may be narrowed (KEP-3838). */
function maskGated(masked: PodSpec, spec: PodSpec, before: PodSpec): void {
  const known = (before.schedulingGates ?? []).map((gate) => gate.name);
  if ((spec.schedulingGates ?? []).every((gate) => known.includes(gate.name))) masked.schedulingGates = before.schedulingGates;
  const narrowed = Object.entries(before.nodeSelector ?? {}).every(([key, value]) => spec.nodeSelector?.[key] === value);
  if (narrowed) masked.nodeSelector = before.nodeSelector;
}

function restoreImages(containers: readonly Container[], before: readonly Container[]): Container[] {
  return containers.map((container, index) => ({ ...container, image: before[index]?.image }));
}

function validateTolerationsUpdate(spec: PodSpec, before: PodSpec, errors: FieldErrors): void {
  const kept = (before.tolerations ?? []).every((known) => (spec.tolerations ?? []).some((candidate) => sameButSeconds(candidate, known)));
  if (!kept) errors.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
}

function sameButSeconds(a: object, b: object): boolean {
  return jsonEqual({ ...a, tolerationSeconds: undefined }, { ...b, tolerationSeconds: undefined });
}

export function validateEphemeralUpdate(pod: Pod, old: Pod, errors: FieldErrors): void {
  const added = pod.spec?.ephemeralContainers ?? [];
  const names = new Set(added.map((container) => container.name));
  (old.spec?.ephemeralContainers ?? []).forEach((container) => {
    const now = added.find((candidate) => candidate.name === container.name);
    if (!names.has(container.name))
      errors.forbidden("spec.ephemeralContainers", `existing ephemeral containers ${JSON.stringify(container.name)} may not be removed`);
    else if (!jsonEqual(now, container))
      errors.forbidden("spec.ephemeralContainers", `existing ephemeral containers ${JSON.stringify(container.name)} may not be changed`);
  });
  validatePodSpec(pod.spec!, "spec", errors);
}

export function validatePodStatusUpdate(pod: Pod, old: Pod, errors: FieldErrors): void {
  immutable("metadata.ownerReferences", pod.metadata.ownerReferences, old.metadata.ownerReferences, errors);
  const { nominatedNodeName, podIPs = [] } = pod.status ?? {};
  if (nominatedNodeName) errors.invalidEach("status.nominatedNodeName", nominatedNodeName, dns1123SubdomainErrors(nominatedNodeName));
  podIPs.forEach(({ ip = "" }, index) => {
    errors.invalidEach(`status.podIPs[${index}]`, ip, ipErrors(ip));
  });
  (pod.status?.conditions ?? []).forEach((condition, index) => {
    if (!condition.type) errors.required(`status.conditions[${index}].type`);
  });
}

/** What upstream warns of and still accepts. */
export function podWarnings(pod: Pod): string[] {
  return podSpecWarnings(pod.spec ?? { containers: [] }, "spec");
}

export function podSpecWarnings(spec: PodSpec, field: string): string[] {
  const warnings: string[] = [];
  for (const [list, containers] of [
    ["initContainers", spec.initContainers ?? []],
    ["containers", spec.containers ?? []],
  ] as const) {
    containers.forEach((container, index) => {
      const seen = new Set<string>();
      (container.env ?? []).forEach((variable, at) => {
        if (seen.has(variable.name))
          warnings.push(
            `${field}.${list}[${index}].env[${at}]: hides previous definition of ${JSON.stringify(variable.name)}, which may be dropped when using apply`,
          );
        seen.add(variable.name);
      });
    });
  }
  return warnings;
}
