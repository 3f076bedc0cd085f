import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import { dns1123LabelErrors } from "../../names.ts";
import type { RuntimeClass } from "../../types.ts";
import { immutable } from "../../validation/common.ts";

export const runtimeClasses = defineResource<RuntimeClass>({
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  resource: "runtimeclasses",
  schema: "node/v1.RuntimeClass",
  namespaced: false,
  table: [nameColumn(), column("Handler", (runtimeClass) => runtimeClass.handler ?? ""), ageColumn()],
  strategy: {
    validate: (runtimeClass, errors) =>
      errors.invalidEach("handler", runtimeClass.handler ?? "", dns1123LabelErrors(runtimeClass.handler ?? "")),
    validateUpdate: (runtimeClass, old, errors) => immutable("handler", runtimeClass.handler, old.handler, errors),
  },
});
