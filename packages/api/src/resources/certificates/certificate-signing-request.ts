import { rfc3339 } from "@flotilla/base";
import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import { humanDuration } from "../../duration.ts";
import type { FieldErrors } from "../../field-error.ts";
import type { CertificateSigningRequest } from "../../types.ts";
import { validateRequest, validateSignerName, validateStatusChange } from "../../validation/certificate-signing-request.ts";

const NONE = "<none>";
const EXPIRATION_MIN_SECONDS = 600;

export const certificateSigningRequests = defineResource<CertificateSigningRequest>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  resource: "certificatesigningrequests",
  schema: "certificates/v1.CertificateSigningRequest",
  namespaced: false,
  shortNames: ["csr"],
  subresources: [
    {
      name: "approval",
      kind: "CertificateSigningRequest",
      verbs: ["get", "patch", "update"],
      style: "object",
      strategy: {
        // Approvers write conditions and nothing else.
        prepareForUpdate(csr, old, { now_ms }) {
          csr.spec = old.spec;
          csr.status = { ...old.status, conditions: stamped(csr, old, now_ms) };
        },
        validateUpdate: (csr, old, errors) => validateStatusChange(csr, old, "approve", errors),
      },
    },
    statusSubresource<CertificateSigningRequest>("CertificateSigningRequest", {
      prepareForUpdate(csr, old, { now_ms }) {
        csr.spec = old.spec;
        if (csr.status?.conditions) csr.status.conditions = stamped(csr, old, now_ms);
      },
      validateUpdate: (csr, old, errors) => validateStatusChange(csr, old, "sign", errors),
    }),
  ],
  table: [
    nameColumn(),
    ageColumn(),
    column("SignerName", (csr) => csr.spec?.signerName ?? NONE),
    column("Requestor", (csr) => csr.spec?.username ?? ""),
    column("RequestedDuration", (csr) => (csr.spec?.expirationSeconds ? humanDuration(csr.spec.expirationSeconds * 1000) : NONE)),
    column("Condition", condition),
  ],
  strategy: {
    prepareForCreate(csr, { user }) {
      csr.status = {};
      if (!user || !csr.spec) return;
      csr.spec.username = user.username;
      if (user.uid) csr.spec.uid = user.uid;
      if (user.groups) csr.spec.groups = user.groups;
      if (user.extra) csr.spec.extra = user.extra;
    },
    prepareForUpdate(csr, old) {
      csr.spec = old.spec;
    },
    validate({ spec }, errors) {
      validateRequest(spec?.request, errors);
      validateUsages(spec?.usages ?? [], errors);
      validateSignerName(spec?.signerName, errors);
      if (spec?.expirationSeconds !== undefined && spec.expirationSeconds < EXPIRATION_MIN_SECONDS) {
        errors.invalid(
          "spec.expirationSeconds",
          spec.expirationSeconds,
          `may not specify a duration less than ${EXPIRATION_MIN_SECONDS} seconds (10 minutes)`,
        );
      }
    },
  },
  selectableFields: { "spec.signerName": (csr) => csr.spec?.signerName ?? "" },
});

const USAGES = ["any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment"].concat(
  ["decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user"],
  ["key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing"],
  ["timestamping"],
);

function validateUsages(usages: readonly string[], errors: FieldErrors): void {
  if (usages.length === 0) errors.required("spec.usages", "usages must be provided");
  usages.forEach((usage, index) => {
    if (!USAGES.includes(usage)) errors.notSupported(`spec.usages[${index}]`, usage, USAGES);
    if (usages.indexOf(usage) < index) errors.duplicate(`spec.usages[${index}]`, usage);
  });
}

/** "Pending", "Approved,Issued", "Denied". */
function condition(csr: CertificateSigningRequest): string {
  const types = (csr.status?.conditions ?? []).map(({ type }) => type);
  const words = [types.includes("Denied") ? "Denied" : types.includes("Approved") ? "Approved" : "Pending"];
  if (types.includes("Failed")) words.push("Failed");
  if (csr.status?.certificate) words.push("Issued");
  return words.join(",");
}

/** Conditions get the times that their writer left out; one that was there before keeps when it came. */
function stamped(csr: CertificateSigningRequest, old: CertificateSigningRequest, now_ms: number) {
  const before = old.status?.conditions ?? [];
  const now = rfc3339(now_ms);
  return (csr.status?.conditions ?? []).map((each) => {
    const same = before.find(({ type, status }) => type === each.type && status === each.status);
    return {
      ...each,
      lastUpdateTime: each.lastUpdateTime ?? now,
      lastTransitionTime: each.lastTransitionTime ?? same?.lastTransitionTime ?? now,
    };
  });
}
