/** LimitRanges (upstream: ValidateLimitRange). */
import type { FieldErrors } from "../field-error.ts";
import { qualifiedNameErrors } from "../names.ts";
import { compareQuantity, formatQuantity, parseQuantity, type Quantity, type ResourceList } from "../quantity.ts";
import type { LimitRange } from "../types.ts";
import { isContainerResource, isStandardResource, mayOvercommit } from "./resources.ts";

type Limit = NonNullable<LimitRange["spec"]>["limits"][number];

const TYPES = ["Container", "PersistentVolumeClaim", "Pod"];
const LISTS = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;
const ONE = 1_000_000_000n;

export function validateLimitRange(range: LimitRange, errors: FieldErrors): void {
  const seen = new Set<string>();
  (range.spec?.limits ?? []).forEach((limit, index) => {
    const at = `spec.limits[${index}]`;
    validateType(limit.type ?? "", `${at}.type`, errors);
    if (seen.has(limit.type)) errors.duplicate(`${at}.type`, limit.type);
    seen.add(limit.type);
    for (const list of LISTS) {
      if (limit.type === "Pod" && (list === "default" || list === "defaultRequest")) {
        if (size(limit[list]) > 0) errors.forbidden(`${at}.${list}`, "may not be specified when `type` is 'Pod'");
      } else for (const name of Object.keys(limit[list] ?? {})) validateName(limit.type, name, `${at}.${list}[${name}]`, errors);
    }
    if (limit.type === "PersistentVolumeClaim" && limit.min?.["storage"] === undefined && limit.max?.["storage"] === undefined) {
      errors.required(`${at}.limits`, "either minimum or maximum storage value is required, but neither was provided");
    }
    const names = new Set(LISTS.flatMap((list) => Object.keys(limit[list] ?? {})));
    for (const name of names) validateOrder(limit, name, at, errors);
  });
}

const size = (list: ResourceList | undefined): number => Object.keys(list ?? {}).length;

function validateType(type: string, field: string, errors: FieldErrors): void {
  const problems = qualifiedNameErrors(type);
  if (problems.length > 0) errors.invalidEach(field, type, problems);
  else if (!type.includes("/") && !TYPES.includes(type)) errors.invalid(field, type, "must be a standard limit type or fully qualified");
}

function validateName(type: string, name: string, field: string, errors: FieldErrors): void {
  const problems = qualifiedNameErrors(name);
  if (problems.length > 0) errors.invalidEach(field, name, problems);
  else if (name.includes("/") || name.startsWith("hugepages-")) return;
  else if (type === "Container" || type === "Pod") {
    if (!isContainerResource(name)) errors.invalid(field, name, "must be a standard resource for containers");
  } else if (!isStandardResource(name)) errors.invalid(field, name, "must be a standard resource type or fully qualified");
}

/** min ≤ default request ≤ default limit ≤ max, as far as each is given. */
function validateOrder(limit: Limit, name: string, field: string, errors: FieldErrors): void {
  const value = (list: (typeof LISTS)[number]): Quantity | undefined => {
    const text = limit[list]?.[name];
    return text === undefined ? undefined : parseQuantity(text);
  };
  const [max, min, limited, requested, ratio] = LISTS.map(value);
  const text = (quantity: Quantity) => formatQuantity(quantity);
  const above = (a: Quantity | undefined, b: Quantity | undefined): boolean => !!a && !!b && compareQuantity(a, b) > 0;
  const complain = (list: string, shown: Quantity, problem: string) => errors.invalid(`${field}.${list}[${name}]`, text(shown), problem);
  if (above(min, max)) complain("min", min!, `min value ${text(min!)} is greater than max value ${text(max!)}`);
  if (above(min, requested)) {
    complain("defaultRequest", requested!, `min value ${text(min!)} is greater than default request value ${text(requested!)}`);
  }
  if (above(requested, max)) {
    complain("defaultRequest", requested!, `default request value ${text(requested!)} is greater than max value ${text(max!)}`);
  }
  if (above(requested, limited)) {
    complain(
      "defaultRequest",
      requested!,
      `default request value ${text(requested!)} is greater than default limit value ${text(limited!)}`,
    );
  }
  if (above(min, limited)) complain("default", min!, `min value ${text(min!)} is greater than default value ${text(limited!)}`);
  if (above(limited, max)) complain("default", max!, `default value ${text(limited!)} is greater than max value ${text(max!)}`);
  if (ratio && ratio.nanos < ONE) complain("maxLimitRequestRatio", ratio, `ratio ${text(ratio)} is less than 1`);
  if (ratio && min && max && min.nanos > 0n) {
    const widest = Number(max.nanos) / Number(min.nanos);
    if (Number(ratio.nanos) / Number(ONE) > widest) {
      complain("maxLimitRequestRatio", ratio, `ratio ${text(ratio)} is greater than max/min = ${widest.toFixed(6)}`);
    }
  }
  if (limited && requested && !mayOvercommit(name) && compareQuantity(limited, requested) !== 0) {
    const problem = `default value ${text(limited)} must equal to defaultRequest value ${text(requested)} in ${name}`;
    complain("default", requested, problem);
  }
}
