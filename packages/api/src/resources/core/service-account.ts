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
  strategy: { prepareForCreate: namesOnly, prepareForUpdate: namesOnly },
  table: [nameColumn(), column("Secrets", (account) => account.secrets?.length ?? 0), ageColumn()],
});

/** Of a secret's reference the name alone is kept: it is in the account's namespace. */
function namesOnly(account: ServiceAccount): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
}
