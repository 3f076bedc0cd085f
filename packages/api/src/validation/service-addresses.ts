/** clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy of a Service agree with one another (KEP-563). */
import type { FieldErrors } from "../field-error.ts";
import { isHeadless } from "../service.ts";
import { INVALID_IP, parseIp } from "./ip.ts";
import type { ServiceSpec } from "./service.ts";

const FAMILIES = ["IPv4", "IPv6"];
const POLICIES = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const ADDRESSES_MAX = 2;

const familyOf = (ip: string): string => (parseIp(ip)?.bits === 128 ? "IPv6" : "IPv4");

export function validateAddresses(spec: ServiceSpec, errors: FieldErrors): void {
  const { clusterIP, clusterIPs: ips = [], ipFamilies: families = [], ipFamilyPolicy: policy } = spec;
  if (!clusterIP) {
    if (ips.length > 0) errors.invalid("spec.clusterIPs", ips, "must be empty when `clusterIP` is not specified");
  } else if (ips.length === 0) errors.required("spec.clusterIPs");
  else if (ips[0] !== clusterIP) errors.invalid("spec.clusterIPs", ips, "first value must match `clusterIP`");
  families.forEach((family, index) => {
    if (!FAMILIES.includes(family)) errors.notSupported(`spec.ipFamilies[${index}]`, family, FAMILIES);
    if (families.indexOf(family) < index) errors.duplicate(`spec.ipFamilies[${index}]`, family);
  });
  if (policy !== undefined && !POLICIES.includes(policy)) errors.notSupported("spec.ipFamilyPolicy", policy, POLICIES);
  if (validateEach(ips, errors)) validatePair(spec, ips, families, errors);
}

/** False where an address is none: what they are together says nothing then. */
function validateEach(ips: readonly string[], errors: FieldErrors): boolean {
  let valid = true;
  ips.forEach((ip, index) => {
    if (index === 0 && ip === "None") {
      if (ips.length === 1) return;
      errors.invalid("spec.clusterIPs", ips, "'None' must be the first and only value");
      valid = false;
    } else if (!parseIp(ip)) {
      errors.invalid(`spec.clusterIPs[${index}]`, ip, INVALID_IP);
      valid = false;
    }
  });
  if (ips.length > ADDRESSES_MAX) errors.invalid("spec.clusterIPs", ips, "may only hold up to 2 values");
  return valid;
}

function validatePair(spec: ServiceSpec, ips: readonly string[], families: readonly string[], errors: FieldErrors): void {
  const held = new Set(ips.map(familyOf));
  if (ips.length > 1 && (ips.length > ADDRESSES_MAX || held.size < ips.length)) {
    errors.invalid("spec.clusterIPs", ips, "may specify no more than one IP for each IP family");
  }
  if (isHeadless(spec)) return;
  ips.slice(0, families.length).forEach((ip, index) => {
    const family = families[index]!;
    if (!FAMILIES.includes(family) || family === familyOf(ip)) return;
    errors.invalid(`spec.clusterIPs[${index}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``);
  });
}

/** Secondary addresses come and go; the first stays, unless the type changes to or from ExternalName. */
export function validateAddressesUpdate(spec: ServiceSpec, before: ServiceSpec, errors: FieldErrors): void {
  if (spec.type === "ExternalName" || before.type === "ExternalName") return;
  if (!isHeadless(spec) || !isHeadless(before)) validateKept(["clusterIPs", "clusterIP"], spec, before, errors);
  if (!isHeadless(spec) && !isHeadless(before)) validateKept(["ipFamilies", "ipFamily"], spec, before, errors);
}

function validateKept(
  [field, one]: ["clusterIPs", "clusterIP"] | ["ipFamilies", "ipFamily"],
  spec: ServiceSpec,
  before: ServiceSpec,
  errors: FieldErrors,
): void {
  const [values, old] = [spec[field] ?? [], before[field] ?? []];
  old.forEach((value, index) => {
    const kept = values.length === old.length || (index === 0 && values.length > 0);
    if (kept && values[index] !== value) errors.invalid(`spec.${field}[${index}]`, values, "may not change once set");
  });
  if (old.length <= values.length) return;
  if (values.length === 0) errors.invalid(`spec.${field}[0]`, values, `primary ${one} can not be unset`);
  if (values.length === 1 && spec.ipFamilyPolicy !== "SingleStack") {
    errors.invalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy, `must be set to 'SingleStack' when releasing the secondary ${one}`);
  }
}
