import type { CertificateSigningRequest, Node } from "@flotilla/api";
import type { ParsedCsr } from "@flotilla/pki";

export const CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";
export const SERVING_SIGNER = "kubernetes.io/kubelet-serving";

export type Verdict = { kind: "approve"; message: string } | { kind: "wait"; why: string } | { kind: "ignore"; why: string };

const NODE_USER = "system:node:";
const NODES_GROUP = "system:nodes";
const BOOTSTRAPPERS = "system:bootstrappers";
const CLIENT_USAGES = ["digital signature", "key encipherment", "client auth"];
const SERVING_USAGES = ["digital signature", "key encipherment", "server auth"];

/**
 * Whether a kubelet may have the certificate it asks for. A joining machine (bootstrap token) may become
 * a node, a node may renew its own name, and a node's serving certificate may name only its own addresses.
 */
export function judgeRequest(request: CertificateSigningRequest, csr: ParsedCsr, nodeOf: (name: string) => Node | undefined): Verdict {
  const { signerName, usages = [], username = "", groups = [] } = request.spec!;
  const { commonName, organizations } = csr.subject;
  const ignore = (why: string): Verdict => ({ kind: "ignore", why });
  if (!commonName.startsWith(NODE_USER) || organizations.length !== 1 || organizations[0] !== NODES_GROUP)
    return ignore("not a node's name");
  if (signerName === CLIENT_SIGNER) {
    if (csr.altNames.length > 0) return ignore("a client certificate has no addresses");
    if (!sameUsages(usages, CLIENT_USAGES, "client auth")) return ignore("usages");
    if (username === commonName) return approve("self kubelet client certificate");
    if (groups.some((g) => g === BOOTSTRAPPERS || g.startsWith(`${BOOTSTRAPPERS}:`))) return approve("kubelet client certificate");
    return ignore("requester is neither the node nor a bootstrapper");
  }
  if (signerName !== SERVING_SIGNER) return ignore("other signer");
  if (csr.altNames.length === 0) return ignore("a serving certificate needs names or addresses");
  if (!sameUsages(usages, SERVING_USAGES, "server auth")) return ignore("usages");
  if (username !== commonName || !groups.includes(NODES_GROUP)) return ignore("requester is not the node");
  const node = nodeOf(commonName.slice(NODE_USER.length));
  const addresses = node?.status?.addresses ?? [];
  // The kubelet asks before it has told its addresses.
  if (addresses.length === 0) return { kind: "wait", why: "the node has not told its addresses yet" };
  const own = new Set([node!.metadata.name, ...LOCAL, ...addresses.map((a) => a.address)]);
  const foreign = csr.altNames.find((name) => !own.has(name));
  return foreign ? ignore(`${foreign} is not an address of the node`) : approve("kubelet serving certificate");
}

const LOCAL = ["localhost", "127.0.0.1", "::1"];

function approve(what: string): Verdict {
  return { kind: "approve", message: `Auto approving ${what} after SubjectAccessReview.` };
}

/** All of these, the one needed among them; key encipherment is for RSA keys only. */
function sameUsages(usages: readonly string[], allowed: readonly string[], needed: string): boolean {
  return usages.includes(needed) && usages.includes("digital signature") && usages.every((u) => allowed.includes(u));
}

export function hasCondition(request: CertificateSigningRequest, ...types: string[]): boolean {
  return (request.status?.conditions ?? []).some((c) => types.includes(c.type) && c.status !== "False");
}
