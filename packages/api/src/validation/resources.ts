/** Resource requests and limits (upstream: ValidateResourceRequirements). */
import type { FieldErrors } from "../field-error.ts";
import { qualifiedNameErrors } from "../names.ts";
import { compareQuantity, parseQuantity, type ResourceList } from "../quantity.ts";
import { NON_NEGATIVE } from "./common.ts";

const CONTAINER_RESOURCES = ["cpu", "memory", "ephemeral-storage"];
const STANDARD_RESOURCES = [...CONTAINER_RESOURCES, "pods", "services", "secrets", "configmaps", "storage"].concat([
  "requests.cpu",
  "requests.memory",
  "requests.ephemeral-storage",
  "requests.storage",
  "limits.cpu",
  "limits.memory",
  "limits.ephemeral-storage",
  "resourcequotas",
  "replicationcontrollers",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
]);

export const isContainerResource = (name: string): boolean => CONTAINER_RESOURCES.includes(name);
export const isStandardResource = (name: string): boolean => STANDARD_RESOURCES.includes(name);

export interface Requirements {
  requests?: ResourceList;
  limits?: ResourceList;
}

export function validateRequirements({ requests = {}, limits = {} }: Requirements, field: string, errors: FieldErrors): void {
  validateList(limits, `${field}.limits`, errors);
  validateList(requests, `${field}.requests`, errors);
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit !== undefined) compareWithLimit(name, request, limit, `${field}.requests`, errors);
    else if (!mayOvercommit(name)) errors.required(`${field}.limits`, "Limit must be set for non overcommitable resources");
  }
}

function compareWithLimit(name: string, request: string, limit: string, field: string, errors: FieldErrors): void {
  const order = compareQuantity(parseQuantity(request), parseQuantity(limit));
  if (mayOvercommit(name)) {
    if (order > 0) errors.invalid(field, request, `must be less than or equal to ${name} limit of ${limit}`);
  } else if (order !== 0) {
    errors.invalid(field, request, `must be equal to ${name} limit of ${limit}`);
  }
}

/** Native resources other than huge pages; extended ones (with a domain) are exact. */
export const mayOvercommit = (name: string): boolean =>
  (!name.includes("/") || name.includes("kubernetes.io/")) && !name.startsWith("hugepages-");

function validateList(list: ResourceList, field: string, errors: FieldErrors): void {
  for (const [name, text] of Object.entries(list)) {
    validateResourceName(name, `${field}[${name}]`, errors);
    validateQuantity(name, text, `${field}[${name}]`, errors);
  }
}

function validateResourceName(name: string, field: string, errors: FieldErrors): void {
  const problems = qualifiedNameErrors(name);
  if (problems.length > 0) return errors.invalidEach(field, name, problems);
  if (name.includes("/") || CONTAINER_RESOURCES.includes(name) || name.startsWith("hugepages-")) return;
  if (!STANDARD_RESOURCES.includes(name)) errors.invalid(field, name, "must be a standard resource type or fully qualified");
  errors.invalid(field, name, "must be a standard resource for containers");
}

export function validateQuantity(name: string, text: string, field: string, errors: FieldErrors): void {
  const quantity = parseQuantity(text);
  if (quantity.nanos < 0n) errors.invalid(field, text, NON_NEGATIVE);
  const whole = quantity.nanos % 1_000_000_000n === 0n;
  if (!whole && name.includes("/") && !name.includes("kubernetes.io/")) errors.invalid(field, text, "must be an integer");
}
