import { createdColumn, defineResource, nameColumn } from "../../define.ts";
import type { ClusterRole } from "../../types.ts";
import { roleName, validateAggregation, validateRules } from "../../validation/rbac.ts";

export const clusterRoles = defineResource<ClusterRole>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRole",
  resource: "clusterroles",
  schema: "rbac/v1.ClusterRole",
  namespaced: false,
  table: [nameColumn(), { ...createdColumn<ClusterRole>(), description: "" }],
  strategy: {
    nameErrors: roleName,
    validate(role, errors) {
      validateRules(role.rules, false, errors);
      validateAggregation(role.aggregationRule, errors);
    },
  },
});
