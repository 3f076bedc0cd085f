import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { RoleBinding } from "../../types.ts";
import { defaultBinding, roleName, validateBinding, validateBindingUpdate } from "../../validation/rbac.ts";
import { subjectColumns } from "./subject-columns.ts";

export const roleBindings = defineResource<RoleBinding>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "RoleBinding",
  resource: "rolebindings",
  schema: "rbac/v1.RoleBinding",
  table: [
    nameColumn(),
    column("Role", (binding) => `${binding.roleRef?.kind}/${binding.roleRef?.name}`),
    ageColumn(),
    ...subjectColumns<RoleBinding>(),
  ],
  defaults: defaultBinding,
  strategy: {
    nameErrors: roleName,
    validate: (binding, errors) => validateBinding(binding, ["ClusterRole", "Role"], errors),
    validateUpdate: validateBindingUpdate,
  },
});
