import { column, defineResource, nameColumn } from "../../define.ts";
import type { ResourceDefinition } from "../../definition.ts";
import { findCondition } from "../../pod.ts";
import type { ComponentStatus } from "../../types.ts";

/** Asked of the components themselves at each request; nothing is stored. */
export const componentStatuses: ResourceDefinition<ComponentStatus> = {
  ...defineResource<ComponentStatus>({
    group: "",
    version: "v1",
    kind: "ComponentStatus",
    resource: "componentstatuses",
    schema: "core/v1.ComponentStatus",
    namespaced: false,
    shortNames: ["cs"],
    deprecation: "v1 ComponentStatus is deprecated in v1.19+",
    verbs: ["get", "list"],
    table: [
      nameColumn(),
      column("Status", (component) => (healthy(component)?.status === "True" ? "Healthy" : "Unhealthy")),
      column("Message", (component) => healthy(component)?.message ?? ""),
      column("Error", (component) => healthy(component)?.error ?? ""),
    ],
  }),
  storage: undefined,
};

const healthy = (component: ComponentStatus) => findCondition(component.conditions, "Healthy");
