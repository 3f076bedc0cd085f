import type { CertificateSigningRequest, KubeObject } from "@flotilla/api";
import { checkOf } from "../authz/attributes.ts";
import type { Authorizer } from "../authz/authorizer.ts";
import { forbidden } from "../request/errors.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";

const GROUP = "certificates.k8s.io";
const CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client";

/** Who approves for a signer needs the verb on that signer, beside the subresource. */
export function certificateApproval({ authorizer }: { authorizer: Authorizer }): AdmissionPlugin {
  return {
    name: "CertificateApproval",
    validate(attributes, object, old) {
      if (!isRequest(attributes) || attributes.operation !== "UPDATE" || attributes.subresource !== "approval") return;
      if (object && old) mayUse(authorizer, attributes, "approve", requestOf(old).spec.signerName);
    },
  };
}

/** The same for who writes the certificate, or that there will be none. */
export function certificateSigning({ authorizer }: { authorizer: Authorizer }): AdmissionPlugin {
  const failed = ({ status }: CertificateSigningRequest) =>
    JSON.stringify((status?.conditions ?? []).filter(({ type }) => type === "Failed"));
  return {
    name: "CertificateSigning",
    validate(attributes, object, old) {
      if (!isRequest(attributes) || attributes.operation !== "UPDATE" || attributes.subresource !== "status" || !object || !old) return;
      const [now, before] = [requestOf(object), requestOf(old)];
      if (now.status?.certificate === before.status?.certificate && failed(now) === failed(before)) return;
      mayUse(authorizer, attributes, "sign", before.spec.signerName);
    },
  };
}

/** Nobody gets a client certificate that stands above all authorization. */
export function certificateSubjectRestriction(): AdmissionPlugin {
  return {
    name: "CertificateSubjectRestriction",
    validate(attributes, object) {
      if (!isRequest(attributes) || attributes.operation !== "CREATE" || attributes.subresource !== "" || !object) return;
      const { signerName, request } = requestOf(object).spec;
      if (signerName !== CLIENT_SIGNER || !asksForMasters(request)) return;
      throw forbidden(attributes.definition, attributes.name, `use of ${CLIENT_SIGNER} signer with system:masters group is not allowed`);
    },
  };
}

const isRequest = ({ definition }: AdmissionAttributes): boolean =>
  definition.group === GROUP && definition.resource === "certificatesigningrequests";

const requestOf = (object: KubeObject): CertificateSigningRequest => object as unknown as CertificateSigningRequest;

function mayUse(authorizer: Authorizer, { user, definition, name }: AdmissionAttributes, verb: string, signer: string): void {
  const domain = signer.split("/")[0];
  const allowed = [signer, `${domain}/*`].some(
    (signerName) => authorizer.authorize(checkOf(user, verb, { group: GROUP, resource: "signers", name: signerName })).allowed,
  );
  if (!allowed) throw forbidden(definition, name, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`);
}

/** The organisation stands as plain text in the DER of the request. */
function asksForMasters(request: string): boolean {
  const pem = Buffer.from(request, "base64").toString();
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  return der.includes("system:masters");
}
