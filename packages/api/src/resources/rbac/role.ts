import { createdColumn, defineResource, nameColumn } from "../../define.ts";
import type { Role } from "../../types.ts";
import { roleName, validateRules } from "../../validation/rbac.ts";

export const roles = defineResource<Role>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "Role",
  resource: "roles",
  schema: "rbac/v1.Role",
  table: [nameColumn(), { ...createdColumn<Role>(), description: "" }],
  strategy: {
    nameErrors: roleName,
    validate: (role, errors) => validateRules(role.rules, true, errors),
  },
});
