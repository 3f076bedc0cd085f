import type { NodeMetrics } from "../../types.ts";
import { defineUsage } from "./usage.ts";

export const nodeMetrics = defineUsage<NodeMetrics>({ kind: "NodeMetrics", resource: "nodes", namespaced: false }, ({ usage }) => usage);
