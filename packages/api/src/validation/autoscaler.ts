/** HorizontalPodAutoscalers (upstream: pkg/apis/autoscaling/validation). */
import type { FieldErrors } from "../field-error.ts";
import { pathSegmentErrors } from "../names.ts";
import { parseQuantity } from "../quantity.ts";
import type { MetricSpec } from "../resources/autoscaling/metric-cells.ts";
import type { HorizontalPodAutoscaler } from "../types.ts";
import { nonNegative, validateLabelSelector } from "./common.ts";

type Spec = NonNullable<HorizontalPodAutoscaler["spec"]>;
type Rules = NonNullable<NonNullable<Spec["behavior"]>["scaleUp"]>;
type Target = NonNullable<MetricSpec["resource"]>["target"];
type Identifier = NonNullable<MetricSpec["pods"]>["metric"];

const SOURCES: Record<string, "object" | "pods" | "resource" | "containerResource" | "external"> = {
  ContainerResource: "containerResource",
  External: "external",
  Object: "object",
  Pods: "pods",
  Resource: "resource",
};
const WINDOW_MAX_SECONDS = 3600;
const PERIOD_MAX_SECONDS = 1800;
const VALUE_OR_POD = "must set either a target value for metric or a per-pod target";

export function validateAutoscaler(autoscaler: HorizontalPodAutoscaler, errors: FieldErrors): void {
  const spec: Partial<Spec> = autoscaler.spec ?? {};
  const { minReplicas: min, maxReplicas: max = 0, metrics = [] } = spec;
  if (min !== undefined && min < 1) errors.invalid("spec.minReplicas", min, "must be greater than or equal to 1");
  if (max < 1) errors.invalid("spec.maxReplicas", max, "must be greater than 0");
  if (min !== undefined && max < min) errors.invalid("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`");
  validateReference(spec.scaleTargetRef, "spec.scaleTargetRef", errors);
  metrics.forEach((metric, index) => {
    validateMetric(metric, `spec.metrics[${index}]`, errors);
  });
  for (const direction of ["scaleUp", "scaleDown"] as const) {
    const rules = spec.behavior?.[direction];
    if (rules) validateRules(rules, `spec.behavior.${direction}`, errors);
  }
}

export function validateAutoscalerStatus({ status }: HorizontalPodAutoscaler, _old: unknown, errors: FieldErrors): void {
  nonNegative("status.currentReplicas", status?.currentReplicas, errors);
  nonNegative("status.desiredReplicas", status?.desiredReplicas, errors);
}

function validateReference(reference: Spec["scaleTargetRef"] | undefined, field: string, errors: FieldErrors): void {
  for (const name of ["kind", "name"] as const) {
    const value = reference?.[name];
    if (!value) errors.required(`${field}.${name}`);
    else errors.invalidEach(`${field}.${name}`, value, pathSegmentErrors(value));
  }
  const version = reference?.apiVersion ?? "";
  if (version.split("/").length > 2) errors.invalid(`${field}.apiVersion`, version, `unexpected GroupVersion string: ${version}`);
}

function validateMetric(metric: MetricSpec, field: string, errors: FieldErrors): void {
  const source = SOURCES[metric.type];
  if (!metric.type) errors.required(`${field}.type`, "must specify a metric source type");
  else if (!source) errors.notSupported(`${field}.type`, metric.type, Object.keys(SOURCES));
  const present = Object.values(SOURCES).filter((name) => metric[name] !== undefined);
  if (present.length > 0) validateSource(metric, present[0]!, `${field}.${present[0]}`, errors);
  if (source && !present.includes(source)) errors.required(`${field}.${source}`, "must populate information for the given metric source");
  if (present.length > 1) {
    for (const name of present) if (name !== source) errors.forbidden(`${field}.${name}`, "must populate the given metric source only");
  }
}

function validateSource(metric: MetricSpec, source: (typeof SOURCES)[string], field: string, errors: FieldErrors): void {
  const { target } = metric[source]!;
  if (source === "resource" || source === "containerResource") {
    if (!metric[source]!.name) errors.required(`${field}.name`, "must specify a resource name");
    if (source === "containerResource" && !metric.containerResource!.container) {
      errors.required(`${field}.container`, "must specify a container");
    }
    validateTarget(target, `${field}.target`, errors);
    return validateUtilization(target, `${field}.target`, errors);
  }
  if (source === "object") validateReference(metric.object!.describedObject, `${field}.describedObject`, errors);
  validateIdentifier(metric[source]!.metric, `${field}.metric`, errors);
  validateTarget(target, `${field}.target`, errors);
  const { value, averageValue } = target ?? {};
  if (source === "pods") {
    if (averageValue === undefined || parseQuantity(averageValue).nanos <= 0n) {
      errors.required(`${field}.target.averageValue`, "must specify a positive target averageValue");
    }
  } else if (value === undefined && averageValue === undefined) errors.required(`${field}.target.averageValue`, VALUE_OR_POD);
  else if (source === "external" && value !== undefined && averageValue !== undefined) {
    errors.forbidden(`${field}.target.value`, "may not set both a target value for metric and a per-pod target");
  }
}

function validateUtilization(target: Target | undefined, field: string, errors: FieldErrors): void {
  const { averageUtilization, averageValue } = target ?? {};
  if (averageUtilization === undefined && averageValue === undefined) {
    errors.required(`${field}.averageUtilization`, "must set either a target raw value or a target utilization");
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    errors.forbidden(`${field}.averageValue`, "may not set both a target raw value and a target utilization");
  }
}

function validateTarget(target: Target | undefined, field: string, errors: FieldErrors): void {
  if (!target?.type) errors.required(`${field}.type`, "must specify a metric target type");
  if (!["Utilization", "Value", "AverageValue"].includes(target?.type ?? "")) {
    errors.invalid(`${field}.type`, target?.type ?? "", "must be either Utilization, Value, or AverageValue");
  }
  for (const name of ["value", "averageValue"] as const) {
    const text = target?.[name];
    if (text !== undefined && parseQuantity(text).nanos <= 0n) errors.invalid(`${field}.${name}`, text, "must be positive");
  }
  const percent = target?.averageUtilization;
  if (percent !== undefined && percent < 1) errors.invalid(`${field}.averageUtilization`, percent, "must be greater than 0");
}

function validateIdentifier(metric: Identifier | undefined, field: string, errors: FieldErrors): void {
  if (!metric?.name) errors.required(`${field}.name`, "must specify a metric name");
  else errors.invalidEach(`${field}.name`, metric.name, pathSegmentErrors(metric.name));
  validateLabelSelector(metric?.selector, `${field}.selector`, errors);
}

function validateRules(rules: Rules, field: string, errors: FieldErrors): void {
  const { stabilizationWindowSeconds: window_seconds, selectPolicy, policies = [] } = rules;
  if (window_seconds !== undefined) {
    const at = `${field}.stabilizationWindowSeconds`;
    if (window_seconds < 0) errors.invalid(at, window_seconds, "must be greater than or equal to zero");
    if (window_seconds > WINDOW_MAX_SECONDS) errors.invalid(at, window_seconds, `must be less than or equal to ${WINDOW_MAX_SECONDS}`);
  }
  if (selectPolicy !== undefined && !["Max", "Min", "Disabled"].includes(selectPolicy)) {
    errors.notSupported(`${field}.selectPolicy`, selectPolicy, ["Disabled", "Max", "Min"]);
  }
  if (policies.length === 0) errors.required(`${field}.policies`, "must specify at least one Policy");
  policies.forEach(({ type, value, periodSeconds }, index) => {
    const at = `${field}.policies[${index}]`;
    if (type !== "Pods" && type !== "Percent") errors.notSupported(`${at}.type`, type ?? "", ["Percent", "Pods"]);
    if (!(value > 0)) errors.invalid(`${at}.value`, value ?? 0, "must be greater than zero");
    if (!(periodSeconds > 0)) errors.invalid(`${at}.periodSeconds`, periodSeconds ?? 0, "must be greater than zero");
    if (periodSeconds > PERIOD_MAX_SECONDS) {
      errors.invalid(`${at}.periodSeconds`, periodSeconds, `must be less than or equal to ${PERIOD_MAX_SECONDS}`);
    }
  });
}
