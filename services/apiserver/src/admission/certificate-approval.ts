import type { CertificateSigningRequest } from "@flotilla/api";
import { checkOf } from "../authz/attributes.ts";
import type { Authorizer } from "../authz/authorizer.ts";
import { forbidden } from "../request/errors.ts";
import type { AdmissionPlugin } from "./admission.ts";

const GROUP = "certificates.k8s.io";

/**
 * Who approves or signs for a signer needs the verb on that signer, beside the subresource
 * (upstream's CertificateApproval, CertificateSigning and CertificateSubjectRestriction).
 */
export function certificateApproval({ authorizer }: { authorizer: Authorizer }): AdmissionPlugin {
  return {
    name: "CertificateApproval",
    validate(attributes, object, old) {
      const { definition, operation, subresource, user, name } = attributes;
      if (definition.group !== GROUP || definition.resource !== "certificatesigningrequests" || !object) return;
      const { spec, status } = (operation === "CREATE" ? object : old) as unknown as CertificateSigningRequest;
      const signer = spec.signerName;
      if (operation === "CREATE" && signer === "kubernetes.io/kube-apiserver-client" && asksForMasters(spec.request)) {
        throw forbidden(definition, name, "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed");
      }
      const issued = (object as unknown as CertificateSigningRequest).status?.certificate !== status?.certificate;
      const verb = subresource === "approval" ? "approve" : subresource === "status" && issued ? "sign" : undefined;
      if (operation !== "UPDATE" || !verb) return;
      const domain = signer.split("/")[0];
      const allowed = [signer, `${domain}/*`].some(
        (signerName) => authorizer.authorize(checkOf(user, verb, { group: GROUP, resource: "signers", name: signerName })).allowed,
      );
      if (!allowed) throw forbidden(definition, name, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`);
    },
  };
}

/** The organisation stands as plain text in the DER of the request. */
function asksForMasters(request: string): boolean {
  const pem = Buffer.from(request, "base64").toString();
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  return der.includes("system:masters");
}
