/** What a container may learn of its pod: fields and resources, in variables and in files (downward API). */
import type { FieldErrors } from "../field-error.ts";
import { qualifiedNameErrors } from "../names.ts";
import { compareQuantity, parseQuantity } from "../quantity.ts";

const NAMES = ["metadata.name", "metadata.namespace", "metadata.uid"];
export const ENV_FIELDS = [...NAMES, "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs"].concat([
  "status.podIP",
  "status.podIPs",
]);
export const FILE_FIELDS = [...NAMES, "metadata.annotations", "metadata.labels"];
/** Labels that the API knows for pods; a place takes some of them. */
const KNOWN = new Set([...ENV_FIELDS, ...FILE_FIELDS, "spec.restartPolicy", "spec.schedulerName", "status.phase"]);

const RESOURCES = ["limits.cpu", "limits.memory", "limits.ephemeral-storage", "requests.cpu", "requests.memory"].concat([
  "requests.ephemeral-storage",
]);
const HUGE_PAGES = /^(limits|requests)\.hugepages-/;
const BYTE_DIVISORS = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
const SUBSCRIPTED = /^(.*)\['(.*)'\]$/;

interface FieldRef {
  apiVersion?: string;
  fieldPath?: string;
}

export function validateFieldRef(
  { apiVersion, fieldPath = "" }: FieldRef,
  known: readonly string[],
  field: string,
  errors: FieldErrors,
): void {
  if (!apiVersion) return errors.required(`${field}.apiVersion`);
  if (!fieldPath) return errors.required(`${field}.fieldPath`);
  const subscript = SUBSCRIPTED.exec(fieldPath);
  if (subscript) return validateSubscript(subscript[1]!, subscript[2]!, fieldPath, field, errors);
  if (!KNOWN.has(fieldPath)) {
    return errors.invalid(`${field}.fieldPath`, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`);
  }
  if (!known.includes(fieldPath)) errors.notSupported(`${field}.fieldPath`, fieldPath, known);
}

function validateSubscript(path: string, key: string, whole: string, field: string, errors: FieldErrors): void {
  if (path === "metadata.annotations") errors.invalidEach(field, key, qualifiedNameErrors(key.toLowerCase()));
  else if (path === "metadata.labels") errors.invalidEach(field, key, qualifiedNameErrors(key));
  else errors.invalid(`${field}.fieldPath`, whole, "error converting fieldPath: field label does not support subscript");
}

interface ResourceRef {
  containerName?: string;
  resource?: string;
  divisor?: string;
}

/** A file must say whose resource it means. */
export function validateResourceRef(ref: ResourceRef, inFile: boolean, field: string, errors: FieldErrors): void {
  const { resource = "" } = ref;
  if (inFile && !ref.containerName) errors.required(`${field}.containerName`);
  else if (resource === "") errors.required(`${field}.resource`);
  else if (!RESOURCES.includes(resource) && !HUGE_PAGES.test(resource)) errors.notSupported(`${field}.resource`, resource, RESOURCES);
  validateDivisor(resource, ref.divisor, `${field}.divisor`, errors);
}

function validateDivisor(resource: string, divisor: string | undefined, field: string, errors: FieldErrors): void {
  if (divisor === undefined || parseQuantity(divisor).nanos === 0n) return;
  const isOneOf = (values: readonly string[]): boolean =>
    values.some((value) => compareQuantity(parseQuantity(value), parseQuantity(divisor)) === 0);
  if (/\.cpu$/.test(resource)) {
    if (!isOneOf(["1m", "1"])) errors.invalid(field, resource, "only divisor's values 1m and 1 are supported with the cpu resource");
    return;
  }
  const kinds: [RegExp, string][] = [
    [/\.memory$/, "memory resource"],
    [/\.ephemeral-storage$/, "local ephemeral storage resource"],
    [HUGE_PAGES, "hugepages resource"],
  ];
  const kind = kinds.find(([pattern]) => pattern.test(resource))?.[1];
  if (!kind || isOneOf(BYTE_DIVISORS)) return;
  errors.invalid(field, resource, `only divisor's values ${BYTE_DIVISORS.join(", ")} are supported with the ${kind}`);
}
