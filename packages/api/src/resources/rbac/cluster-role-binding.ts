import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { ClusterRoleBinding } from "../../types.ts";
import { defaultBinding, roleName, validateBinding, validateBindingUpdate } from "../../validation/rbac.ts";
import { subjectColumns } from "./subject-columns.ts";

export const clusterRoleBindings = defineResource<ClusterRoleBinding>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRoleBinding",
  resource: "clusterrolebindings",
  schema: "rbac/v1.ClusterRoleBinding",
  namespaced: false,
  table: [
    nameColumn(),
    column("Role", (binding) => `${binding.roleRef?.kind}/${binding.roleRef?.name}`),
    ageColumn(),
    ...subjectColumns<ClusterRoleBinding>(),
  ],
  defaults: defaultBinding,
  strategy: {
    nameErrors: roleName,
    validate: (binding, errors) => validateBinding(binding, ["ClusterRole"], errors),
    validateUpdate: validateBindingUpdate,
  },
});
