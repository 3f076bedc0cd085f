import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import type { ResourceQuota } from "../../types.ts";
import { validateQuota, validateQuotaStatus, validateQuotaUpdate } from "../../validation/resource-quota.ts";

export const resourceQuotas = defineResource<ResourceQuota>({
  group: "",
  version: "v1",
  kind: "ResourceQuota",
  resource: "resourcequotas",
  schema: "core/v1.ResourceQuota",
  shortNames: ["quota"],
  subresources: [statusSubresource<ResourceQuota>("ResourceQuota", { validateUpdate: validateQuotaStatus })],
  table: [nameColumn(), column("Request", (quota) => usage(quota, false)), column("Limit", (quota) => usage(quota, true)), ageColumn()],
  strategy: { validate: validateQuota, validateUpdate: validateQuotaUpdate },
});

/** "pods: 1/10, requests.cpu: 100m/1": limits have a column of their own. */
function usage({ status }: ResourceQuota, limits: boolean): string {
  return Object.keys(status?.hard ?? {})
    .filter((name) => name.startsWith("limits") === limits)
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? "0"}/${status!.hard![name]}`)
    .join(", ");
}
