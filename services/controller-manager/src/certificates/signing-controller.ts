import { type CertificateSigningRequest, CertificateSigningRequests } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { signCsr, type Usage } from "@flotilla/pki";
import { type ControllerContext, startReconciler } from "../context.ts";
import { CLIENT_SIGNER, hasCondition, SERVING_SIGNER } from "./approve.ts";
import { decodeRequest, requestPem } from "./approving-controller.ts";

/** Which usages each signer may grant. Source: "Certificate Signing Requests", Kubernetes signers. */
const SIGNERS: Record<string, Usage[]> = {
  [CLIENT_SIGNER]: ["client"],
  [SERVING_SIGNER]: ["server"],
  "kubernetes.io/kube-apiserver-client": ["client"],
  "kubernetes.io/legacy-unknown": ["client", "server"],
};
const USAGE_NAMES: Record<string, Usage> = { "client auth": "client", "server auth": "server" };
const SYSTEM_MASTERS = "system:masters";
/** Shorter is refused by the API already. */
const SHORTEST_MS = 600_000;

/** Signs approved requests with the cluster's CA. */
export function startCsrSigningController(context: ControllerContext): void {
  const { client, clock, config, informers, random } = context;
  const signing = config.clusterSigning;
  if (!signing) return;
  const authority = { cert: signing.certPem, key: signing.keyPem };
  const requests = informers.informer(CertificateSigningRequests);

  const controller = startReconciler(context, [requests], {
    name: "certificatesigningrequest_signing",
    reconcile: async (name) => {
      const request = requests.lister.get(name);
      if (!request || request.status?.certificate || !hasCondition(request, "Approved") || hasCondition(request, "Denied", "Failed"))
        return;
      const allowed = SIGNERS[request.spec!.signerName];
      if (!allowed) return;
      const problem = refusal(request, allowed);
      const status = problem ? failed(request, problem, clock.now()) : { ...request.status, certificate: sign(request, allowed) };
      await client.updateStatus(CertificateSigningRequests, { ...request, status });
    },
  });

  function sign(request: CertificateSigningRequest, allowed: Usage[]): string {
    const asked = (request.spec!.expirationSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    const validity_ms = Math.max(SHORTEST_MS, Math.min(asked, signing!.duration_ms));
    const usages = usagesOf(request).filter((u) => allowed.includes(u));
    const pem = signCsr(authority, requestPem(request), { usages, validity_ms }, { now_ms: clock.now(), random });
    return Buffer.from(pem).toString("base64");
  }

  const enqueue = (r: CertificateSigningRequest) => controller.queue.add(r.metadata.name!);
  requests.subscribe({ add: enqueue, update: enqueue });
}

function refusal(request: CertificateSigningRequest, allowed: Usage[]): string | undefined {
  const usages = usagesOf(request);
  const wrong = usages.find((u) => !allowed.includes(u));
  if (usages.length === 0 || wrong) return `usages not permitted for signer ${request.spec!.signerName}`;
  // Whoever is in this group is above RBAC: no request may grant it.
  if (decodeRequest(request).subject.organizations.includes(SYSTEM_MASTERS)) return `organization ${SYSTEM_MASTERS} is not permitted`;
  return undefined;
}

function usagesOf(request: CertificateSigningRequest): Usage[] {
  return (request.spec?.usages ?? []).flatMap((name) => USAGE_NAMES[name] ?? []);
}

function failed(request: CertificateSigningRequest, message: string, now_ms: number): CertificateSigningRequest["status"] {
  const time = rfc3339(now_ms);
  const condition = {
    type: "Failed",
    status: "True",
    reason: "SignerValidationFailure",
    message,
    lastUpdateTime: time,
    lastTransitionTime: time,
  };
  return { ...request.status, conditions: [...(request.status?.conditions ?? []), condition] };
}
