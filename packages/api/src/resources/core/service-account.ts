import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { ServiceAccount } from "../../types.ts";

export const serviceAccounts = defineResource<ServiceAccount>({
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  resource: "serviceaccounts",
  schema: "core/v1.ServiceAccount",
  shortNames: ["sa"],
  subresources: [
    { name: "token", kind: "TokenRequest", group: "authentication.k8s.io", version: "v1", verbs: ["create"], style: "create" },
  ],
  table: [nameColumn(), column("Secrets", (account) => account.secrets?.length ?? 0), ageColumn()],
});
