/** "cpu: 10%/50%, memory: 1Gi/2Gi + 1 more...": what an autoscaler measures, and what it aims at. */
import type { HorizontalPodAutoscaler } from "../../types.ts";

export type MetricSpec = NonNullable<NonNullable<HorizontalPodAutoscaler["spec"]>["metrics"]>[number];
export type MetricStatus = NonNullable<NonNullable<HorizontalPodAutoscaler["status"]>["currentMetrics"]>[number];
type Target = NonNullable<MetricSpec["resource"]>["target"];
type Current = NonNullable<MetricStatus["resource"]>["current"];

const SHOWN_MAX = 2;
const UNKNOWN = "<unknown>";

export function formatMetrics(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return "<none>";
  const all = specs.map((spec, index) => formatMetric(spec, statuses[index]));
  const more = all.length > SHOWN_MAX ? ` + ${all.length - SHOWN_MAX} more...` : "";
  return all.slice(0, SHOWN_MAX).join(", ") + more;
}

function formatMetric(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case "External":
      return valueOrAverage(spec.external?.target, status?.external?.current);
    case "Object":
      return valueOrAverage(spec.object?.target, status?.object?.current);
    case "Pods":
      return `${status?.pods?.current.averageValue ?? UNKNOWN}/${spec.pods?.target.averageValue ?? ""}`;
    case "Resource":
      return `${spec.resource?.name}: ${usage(spec.resource?.target, status?.resource?.current)}`;
    case "ContainerResource":
      return `${spec.containerResource?.name}: ${usage(spec.containerResource?.target, status?.containerResource?.current)}`;
    default:
      return "<unknown type>";
  }
}

function valueOrAverage(target: Target | undefined, current: Current | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
  return `${current?.value ?? UNKNOWN}/${target?.value ?? "<auto>"}`;
}

function usage(target: Target | undefined, current: Current | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  const percent = (value: number | undefined, without: string): string => (value === undefined ? without : `${value}%`);
  return `${percent(current?.averageUtilization, UNKNOWN)}/${percent(target?.averageUtilization, "<auto>")}`;
}
