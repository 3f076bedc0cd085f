import { addResourceLists } from "../../quantity.ts";
import type { PodMetrics } from "../../types.ts";
import { defineUsage } from "./usage.ts";

export const podMetrics = defineUsage<PodMetrics>({ kind: "PodMetrics", resource: "pods", namespaced: true }, ({ containers }) =>
  (containers ?? []).map(({ usage }) => usage ?? {}).reduce(addResourceLists, {}),
);
