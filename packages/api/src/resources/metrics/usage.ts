import { column, defineResource, nameColumn, type TableColumn } from "../../define.ts";
import type { ResourceDefinition } from "../../definition.ts";
import type { ResourceList } from "../../quantity.ts";
import type { KubeObject } from "../../types.ts";

/** metrics.k8s.io/v1beta1: what was used lately; measured when asked for, never stored. */
export function defineUsage<T extends KubeObject & { window: string }>(
  options: { kind: string; resource: string; namespaced: boolean },
  usageOf: (object: T) => ResourceList | undefined,
): ResourceDefinition<T> {
  const used = (name: string): TableColumn<T> => column(name, (object) => usageOf(object)?.[name] ?? "");
  return {
    ...defineResource<T>({
      ...options,
      group: "metrics.k8s.io",
      version: "v1beta1",
      // metrics-server names no singular.
      singular: "",
      schema: `metrics/v1beta1.${options.kind}`,
      verbs: ["get", "list"],
      table: [nameColumn(), used("cpu"), used("memory"), column("Window", (object) => object.window)],
    }),
    storage: undefined,
  };
}
