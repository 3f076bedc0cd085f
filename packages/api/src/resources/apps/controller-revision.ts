import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import { controllerOf } from "../../pod.ts";
import type { ControllerRevision } from "../../types.ts";
import { immutable, nonNegative } from "../../validation/common.ts";

export const controllerRevisions = defineResource<ControllerRevision>({
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  resource: "controllerrevisions",
  schema: "apps/v1.ControllerRevision",
  table: [nameColumn(), column("Controller", controller), column("Revision", ({ revision }) => revision ?? 0), ageColumn()],
  strategy: {
    validate(revision, errors) {
      if (revision.data === undefined) errors.required("data", "data is mandatory");
      nonNegative("revision", revision.revision, errors);
    },
    validateUpdate: (revision, old, errors) => immutable("data", revision.data, old.data, errors),
  },
});

/** "daemonset.apps/logger". */
function controller(revision: ControllerRevision): string {
  const owner = controllerOf(revision);
  if (!owner) return "<none>";
  const { apiVersion = "", kind = "", name } = owner;
  const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0]}` : "";
  return `${kind.toLowerCase()}${group}/${name}`;
}
