/** What Deployments, ReplicaSets and DaemonSets have in common: a selector that matches its template. */
import type { FieldErrors } from "../field-error.ts";
import { matchesLabelSelector } from "../selectors.ts";
import type { LabelSelector, PodTemplateSpec } from "../types.ts";
import { isEmptySelector, nonNegative, validateLabelSelector } from "./common.ts";
import { validatePodTemplate } from "./pod-spec.ts";

interface WorkloadSpec {
  selector?: LabelSelector;
  template?: PodTemplateSpec;
  minReadySeconds?: number;
}

export function validateWorkload(kind: string, spec: WorkloadSpec, errors: FieldErrors): void {
  const { selector, template } = spec;
  nonNegative("spec.minReadySeconds", spec.minReadySeconds, errors);
  if (!selector) errors.required("spec.selector");
  else {
    validateLabelSelector(selector, "spec.selector", errors);
    if (isEmptySelector(selector)) errors.invalid("spec.selector", selector, `empty selector is invalid for ${kind}`);
    else if (!matchesLabelSelector(selector, template?.metadata?.labels ?? {})) {
      errors.invalid("spec.template.metadata.labels", template?.metadata?.labels, "`selector` does not match template `labels`");
    }
  }
  validatePodTemplate(template, "spec.template", errors);
  const policy = template?.spec?.restartPolicy;
  if (policy && policy !== "Always") errors.notSupported("spec.template.spec.restartPolicy", policy, ["Always"]);
}
