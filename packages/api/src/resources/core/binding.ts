import { defineVirtual } from "../../define.ts";

/** The old way to bind a pod; schedulers post to pods/binding. */
export const bindings = defineVirtual({
  group: "",
  version: "v1",
  kind: "Binding",
  resource: "bindings",
  schema: "core/v1.Binding",
});
