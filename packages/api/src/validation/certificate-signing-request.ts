import type { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { byteLength, dns1123LabelErrors, dns1123SubdomainErrors } from "../names.ts";
import type { CertificateSigningRequest } from "../types.ts";

const LABEL_BYTES_MAX = 63;
const SUBDOMAIN_BYTES_MAX = 253;
/** Room for "<fqdn>/<namespace>.<name>". */
const SIGNER_BYTES_MAX = SUBDOMAIN_BYTES_MAX + 1 + LABEL_BYTES_MAX + 1 + SUBDOMAIN_BYTES_MAX;
/** Whoever decided, decided: these have no other status. */
const DECISIONS = ["Approved", "Denied"];
const ALWAYS_TRUE = [...DECISIONS, "Failed"];
const REQUEST_BLOCK = /-----BEGIN CERTIFICATE REQUEST-----\s+([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE REQUEST-----/;

/** The block of a PKCS#10 request (RFC 7468 §7); what is in it is read by whoever signs. `request` is base64 of PEM. */
export function validateRequest(request: string | undefined, errors: FieldErrors): void {
  const text = decodeBase64(request ?? "");
  if (!REQUEST_BLOCK.test(text)) errors.invalid("spec.request", request, "PEM block type must be CERTIFICATE REQUEST");
}

function decodeBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    return "";
  }
}

/** "example.com/signer-name". */
export function validateSignerName(name: string | undefined, errors: FieldErrors): void {
  const at = "spec.signerName";
  if (!name) return errors.required(at, "signerName must be provided");
  const [domain, path, ...more] = name.split("/");
  if (domain === undefined || path === undefined || more.length > 0) {
    return errors.invalid(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
  }
  if (name === "kubernetes.io/legacy-unknown") errors.invalid(at, name, "the legacy signerName is not allowed via this API version");
  if (byteLength(domain) > SUBDOMAIN_BYTES_MAX) errors.tooLong(at, SUBDOMAIN_BYTES_MAX);
  validateLabels(at, domain, dns1123LabelErrors, errors);
  if (!domain.includes(".")) errors.invalid(at, domain, "should be a domain with at least two segments separated by dots");
  validateLabels(at, path, dns1123SubdomainErrors, errors);
  if (byteLength(name) > SIGNER_BYTES_MAX) errors.tooLong(at, SIGNER_BYTES_MAX);
}

/** The first wrong label is enough: the others would only say the same again. */
function validateLabels(at: string, segment: string, check: (label: string) => string[], errors: FieldErrors): void {
  for (const label of segment.split(".")) {
    const wrong = check(label);
    for (const problem of wrong) errors.invalid(at, segment, `validating label ${JSON.stringify(label)}: ${problem}`);
    if (wrong.length > 0) return;
  }
}

type Condition = NonNullable<NonNullable<CertificateSigningRequest["status"]>["conditions"]>[number];
const conditionsOf = ({ status }: CertificateSigningRequest): Condition[] => status?.conditions ?? [];

export function validateConditions(csr: CertificateSigningRequest, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [i, { type, status }] of conditionsOf(csr).entries()) {
    const at = `status.conditions[${i}]`;
    if (!type) errors.required(`${at}.type`);
    const supported = ALWAYS_TRUE.includes(type) ? ["True"] : ["True", "False", "Unknown"];
    if (!status) errors.required(`${at}.status`);
    else if (!supported.includes(status)) errors.notSupported(`${at}.status`, status, supported);
    if (DECISIONS.includes(type) && DECISIONS.some((other) => other !== type && seen.has(other))) {
      errors.invalid(`${at}.type`, type, "Approved and Denied conditions are mutually exclusive");
    }
    if (seen.has(type)) errors.duplicate(`${at}.type`, type);
    seen.add(type);
  }
}

/** What may change by which way: approvers write decisions, signers the certificate, once. */
export function validateStatusChange(
  csr: CertificateSigningRequest,
  old: CertificateSigningRequest,
  may: "approve" | "sign",
  errors: FieldErrors,
): void {
  validateConditions(csr, errors);
  const of = (object: CertificateSigningRequest, type: string) => conditionsOf(object).filter((each) => each.type === type);
  const forbid = (what: string, type: string) =>
    errors.forbidden("status.conditions", `updates may not ${what} a condition of type ${JSON.stringify(type)}`);
  for (const type of ALWAYS_TRUE) if (of(csr, type).length < of(old, type).length) forbid("remove", type);
  for (const type of may === "approve" ? [] : DECISIONS) {
    const [before, after] = [of(old, type), of(csr, type)];
    if (after.length > before.length) forbid("add", type);
    else if (after.length === before.length && !jsonEqual(after, before)) forbid("modify", type);
  }
  const [before, after] = [old.status?.certificate, csr.status?.certificate];
  if ((after ?? "") === (before ?? "")) return;
  if (may === "approve") errors.forbidden("status.certificate", "updates may not set certificate content");
  else if (before) errors.forbidden("status.certificate", "updates may not modify existing certificate content");
}
