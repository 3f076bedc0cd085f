export { type Charge, chargeQuota, missingRequirements, negativeNames, quotaResources, refundQuota, usageDelta } from "./charge.ts";
export { inQuotaScopes } from "./scopes.ts";
export { countName, type QuotaTarget, quotaUsage, sumUsage, usesQuotaResource } from "./usage.ts";
