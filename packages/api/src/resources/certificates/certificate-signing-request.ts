import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import { humanDuration } from "../../duration.ts";
import type { FieldErrors } from "../../field-error.ts";
import { jsonEqual } from "../../json-equal.ts";
import type { CertificateSigningRequest } from "../../types.ts";

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
        prepareForUpdate(csr, old) {
          csr.spec = old.spec;
          csr.status = { ...old.status, conditions: stamped(csr, old) };
        },
        validateUpdate: validateConditions,
      },
    },
    statusSubresource<CertificateSigningRequest>("CertificateSigningRequest", {
      prepareForUpdate(csr, old) {
        csr.spec = old.spec;
      },
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
      if (!spec?.request) errors.required("spec.request");
      if (!spec?.signerName) errors.required("spec.signerName", "signerName must be provided");
      else if (!/^[a-z0-9.-]+\/.+$/.test(spec.signerName)) {
        errors.invalid(
          "spec.signerName",
          spec.signerName,
          "must be a fully qualified domain and path of the form 'example.com/signer-name'",
        );
      }
      validateUsages(spec?.usages ?? [], errors);
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

/** New conditions get the times that their writer left out. */
function stamped(csr: CertificateSigningRequest, old: CertificateSigningRequest) {
  const before = old.status?.conditions ?? [];
  return (csr.status?.conditions ?? []).map((each) => {
    const same = before.find(({ type }) => type === each.type);
    return same && jsonEqual(same.status, each.status)
      ? { ...each, lastTransitionTime: same.lastTransitionTime ?? each.lastTransitionTime }
      : each;
  });
}

function validateConditions(csr: CertificateSigningRequest, old: CertificateSigningRequest, errors: FieldErrors): void {
  const types = (csr.status?.conditions ?? []).map(({ type }) => type);
  if (types.includes("Approved") && types.includes("Denied")) {
    errors.invalid("status.conditions", "Denied", "Approved and Denied conditions are mutually exclusive");
  }
  for (const { type } of old.status?.conditions ?? []) {
    if (!types.includes(type)) errors.forbidden("status.conditions", `updates may not remove a condition of type ${JSON.stringify(type)}`);
  }
}
