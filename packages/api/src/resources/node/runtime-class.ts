import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import { validateLabels } from "../../meta/validate.ts";
import { dns1123LabelErrors } from "../../names.ts";
import type { RuntimeClass } from "../../types.ts";
import { immutable } from "../../validation/common.ts";
import { validateRequirements } from "../../validation/resources.ts";
import { validateTolerations } from "../../validation/tolerations.ts";

export const runtimeClasses = defineResource<RuntimeClass>({
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  resource: "runtimeclasses",
  schema: "node/v1.RuntimeClass",
  namespaced: false,
  table: [nameColumn(), column("Handler", (runtimeClass) => runtimeClass.handler ?? ""), ageColumn()],
  strategy: {
    validate({ handler = "", overhead, scheduling }, errors) {
      errors.invalidEach("handler", handler, dns1123LabelErrors(handler));
      if (overhead?.podFixed) validateRequirements({ limits: overhead.podFixed }, "overhead", errors);
      validateLabels(scheduling?.nodeSelector, "scheduling.nodeSelector", errors);
      validateTolerations(scheduling?.tolerations ?? [], "scheduling.tolerations", errors);
    },
    validateUpdate: (runtimeClass, old, errors) => immutable("handler", runtimeClass.handler, old.handler, errors),
  },
});
