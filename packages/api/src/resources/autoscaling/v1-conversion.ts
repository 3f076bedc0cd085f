/** autoscaling/v1 to and from v2 (upstream: pkg/apis/autoscaling/v1/conversion.go). */
import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerV1 } from "../../types.ts";
import type { MetricSpec, MetricStatus } from "./metric-cells.ts";

const PREFIX = "autoscaling.alpha.kubernetes.io/";
/** Where v1 keeps what it has no fields for. */
export const ANNOTATIONS = {
  metrics: `${PREFIX}metrics`,
  currentMetrics: `${PREFIX}current-metrics`,
  conditions: `${PREFIX}conditions`,
  behavior: `${PREFIX}behavior`,
} as const;

type Json = Record<string, any>;

export function fromV2(autoscaler: HorizontalPodAutoscaler): HorizontalPodAutoscalerV1 {
  const { metadata, spec, status } = autoscaler;
  const cpu = (spec?.metrics ?? []).find(isCpuUtilization);
  const others = (spec?.metrics ?? []).filter((metric) => !isCpuUtilization(metric));
  const current = status?.currentMetrics ?? [];
  const percent = current.find(({ resource }) => resource?.name === "cpu")?.resource?.current.averageUtilization;
  const annotations: Record<string, string> = { ...metadata.annotations };
  if (others.length > 0) annotations[ANNOTATIONS.metrics] = JSON.stringify(others.map(metricToV1));
  if (current.length > 0) annotations[ANNOTATIONS.currentMetrics] = JSON.stringify(current.map(statusToV1));
  if (status?.conditions?.length) annotations[ANNOTATIONS.conditions] = JSON.stringify(status.conditions);
  if (spec?.behavior) annotations[ANNOTATIONS.behavior] = JSON.stringify(spec.behavior);
  const result: Json = { ...autoscaler, apiVersion: "autoscaling/v1", metadata: withAnnotations(metadata, annotations) };
  if (spec) {
    const { metrics: _, behavior: __, ...same } = spec;
    const target = cpu?.resource?.target.averageUtilization;
    result["spec"] = { ...same, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) };
  }
  if (status) {
    const { currentMetrics: _, conditions: __, ...same } = status;
    const used = percent === undefined ? {} : { currentCPUUtilizationPercentage: percent };
    result["status"] = { ...same, currentReplicas: status.currentReplicas ?? 0, ...used };
  }
  return result as HorizontalPodAutoscalerV1;
}

export function toV2(autoscaler: HorizontalPodAutoscalerV1): HorizontalPodAutoscaler {
  const { metadata, spec, status } = autoscaler;
  const { metrics, currentMetrics, conditions, behavior } = readAnnotations(metadata.annotations);
  const plain = Object.entries(metadata.annotations ?? {}).filter(([key]) => !(Object.values(ANNOTATIONS) as string[]).includes(key));
  const result: Json = { ...autoscaler, apiVersion: "autoscaling/v2", metadata: withAnnotations(metadata, Object.fromEntries(plain)) };
  if (spec) {
    const { targetCPUUtilizationPercentage: percent, ...same } = spec;
    const target = { type: "Utilization", averageUtilization: percent };
    const cpu = percent === undefined ? [] : [{ type: "Resource", resource: { name: "cpu", target } }];
    const all = [...((metrics as Json[] | undefined) ?? []).map(metricToV2), ...cpu];
    result["spec"] = { ...same, ...(all.length > 0 ? { metrics: all } : {}), ...(behavior ? { behavior } : {}) };
  }
  if (status) {
    const { currentCPUUtilizationPercentage: percent, ...same } = status;
    const cpu = percent === undefined ? [] : [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: percent } } }];
    const all = currentMetrics ? (currentMetrics as Json[]).map(statusToV2) : cpu;
    result["status"] = { ...same, ...(all.length > 0 ? { currentMetrics: all } : {}), ...(conditions ? { conditions } : {}) };
  }
  return result as HorizontalPodAutoscaler;
}

const isCpuUtilization = ({ type, resource }: MetricSpec): boolean =>
  type === "Resource" && resource?.name === "cpu" && resource.target.averageUtilization !== undefined;

function withAnnotations<M extends { annotations?: Record<string, string> }>(metadata: M, annotations: Record<string, string>): M {
  const { annotations: _, ...rest } = metadata;
  return (Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest) as M;
}

/** Annotations that are no JSON of the right kind are as good as none. */
function readAnnotations(annotations: Record<string, string> | undefined): Partial<Record<keyof typeof ANNOTATIONS, unknown>> {
  const found: Partial<Record<keyof typeof ANNOTATIONS, unknown>> = {};
  for (const [name, key] of Object.entries(ANNOTATIONS)) {
    try {
      const value = annotations?.[key] === undefined ? undefined : JSON.parse(annotations[key]);
      if (typeof value === "object" && value !== null && Array.isArray(value) === (name !== "behavior")) {
        found[name as keyof typeof ANNOTATIONS] = value;
      }
    } catch {}
  }
  return found;
}

const defined = (object: Json): Json => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

function metricToV1(metric: MetricSpec): Json {
  const { type, resource, containerResource, pods, object, external } = metric;
  const usage = ({ name, target }: NonNullable<typeof resource>) =>
    defined({ name, targetAverageUtilization: target.averageUtilization, targetAverageValue: target.averageValue });
  return defined({
    type,
    resource: resource && usage(resource),
    containerResource: containerResource && { ...usage(containerResource), container: containerResource.container },
    pods: pods && defined({ metricName: pods.metric.name, selector: pods.metric.selector, targetAverageValue: pods.target.averageValue }),
    object:
      object &&
      defined({
        target: object.describedObject,
        metricName: object.metric.name,
        selector: object.metric.selector,
        targetValue: object.target.value ?? "0",
        averageValue: object.target.averageValue,
      }),
    external:
      external &&
      defined({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      }),
  });
}

function metricToV2(metric: Json): Json {
  const { type, resource, containerResource, pods, object, external } = metric;
  const usage = (source: Json) => ({
    name: source["name"],
    target:
      source["targetAverageUtilization"] === undefined
        ? { type: "AverageValue", averageValue: source["targetAverageValue"] }
        : { type: "Utilization", averageUtilization: source["targetAverageUtilization"] },
  });
  const amount = (value: unknown, averageValue: unknown) =>
    averageValue === undefined ? { type: "Value", value } : { type: "AverageValue", averageValue };
  return defined({
    type,
    resource: resource && usage(resource),
    containerResource: containerResource && { ...usage(containerResource), container: containerResource.container },
    pods: pods && {
      metric: defined({ name: pods.metricName, selector: pods.selector }),
      target: amount(undefined, pods.targetAverageValue),
    },
    object: object && {
      describedObject: object.target,
      metric: defined({ name: object.metricName, selector: object.selector }),
      target: amount(object.targetValue, object.averageValue),
    },
    external: external && {
      metric: defined({ name: external.metricName, selector: external.metricSelector }),
      target: amount(external.targetValue, external.targetAverageValue),
    },
  });
}

function statusToV1(status: MetricStatus): Json {
  const { type, resource, containerResource, pods, object, external } = status;
  const usage = ({ name, current }: NonNullable<typeof resource>) =>
    defined({ name, currentAverageUtilization: current.averageUtilization, currentAverageValue: current.averageValue ?? "0" });
  return defined({
    type,
    resource: resource && usage(resource),
    containerResource: containerResource && { ...usage(containerResource), container: containerResource.container },
    pods: pods && defined({ metricName: pods.metric.name, selector: pods.metric.selector, currentAverageValue: pods.current.averageValue }),
    object:
      object &&
      defined({
        target: object.describedObject,
        metricName: object.metric.name,
        selector: object.metric.selector,
        currentValue: object.current.value ?? "0",
        averageValue: object.current.averageValue,
      }),
    external:
      external &&
      defined({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        currentValue: external.current.value ?? "0",
        currentAverageValue: external.current.averageValue,
      }),
  });
}

function statusToV2(status: Json): Json {
  const { type, resource, containerResource, pods, object, external } = status;
  const usage = (source: Json) => ({
    name: source["name"],
    current: defined({ averageUtilization: source["currentAverageUtilization"], averageValue: source["currentAverageValue"] }),
  });
  return defined({
    type,
    resource: resource && usage(resource),
    containerResource: containerResource && { ...usage(containerResource), container: containerResource.container },
    pods: pods && {
      metric: defined({ name: pods.metricName, selector: pods.selector }),
      current: defined({ averageValue: pods.currentAverageValue }),
    },
    object: object && {
      describedObject: object.target,
      metric: defined({ name: object.metricName, selector: object.selector }),
      current: defined({ value: object.currentValue, averageValue: object.averageValue }),
    },
    external: external && {
      metric: defined({ name: external.metricName, selector: external.metricSelector }),
      current: defined({ value: external.currentValue, averageValue: external.currentAverageValue }),
    },
  });
}
