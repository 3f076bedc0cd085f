import { type CertificateSigningRequest, CertificateSigningRequests, Nodes } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { TerminalError } from "@flotilla/controller";
import { type ParsedCsr, parseCsr } from "@flotilla/pki";
import { type ControllerContext, startReconciler } from "../context.ts";
import { hasCondition, judgeRequest } from "./approve.ts";

const AGAIN_MS = 1_000;

/** Approves the certificates of joining and renewing kubelets. */
export function startCsrApprovingController(context: ControllerContext): void {
  const { client, clock, informers, log } = context;
  const requests = informers.informer(CertificateSigningRequests);
  const nodes = informers.informer(Nodes);
  const controller = startReconciler(context, [requests, nodes], {
    name: "certificatesigningrequest_approving",
    reconcile: async (name) => {
      const request = requests.lister.get(name);
      if (!request || request.status?.certificate || hasCondition(request, "Approved", "Denied", "Failed")) return;
      const verdict = judgeRequest(request, decodeRequest(request), (node) => nodes.lister.get(node));
      log.debug("certificate request judged", { request: name, ...verdict });
      if (verdict.kind === "wait") return { requeueAfter_ms: AGAIN_MS };
      if (verdict.kind === "ignore") return;
      const time = rfc3339(clock.now());
      const condition = {
        type: "Approved",
        status: "True",
        reason: "AutoApproved",
        message: verdict.message,
        lastUpdateTime: time,
        lastTransitionTime: time,
      };
      const conditions = [...(request.status?.conditions ?? []), condition];
      await client.update(
        CertificateSigningRequests,
        { ...request, status: { ...request.status, conditions } },
        { subresource: "approval" },
      );
      return;
    },
  });
  const enqueue = (r: CertificateSigningRequest) => controller.queue.add(r.metadata.name!);
  requests.subscribe({ add: enqueue, update: enqueue });
}

/** @throws TerminalError when it is not a request, or not signed by its own key */
export function decodeRequest(request: CertificateSigningRequest): ParsedCsr {
  try {
    return parseCsr(requestPem(request));
  } catch (error) {
    throw new TerminalError(`certificate request ${request.metadata.name}: ${(error as Error).message}`);
  }
}

export function requestPem(request: CertificateSigningRequest): string {
  return Buffer.from(request.spec?.request ?? "", "base64").toString("utf8");
}
