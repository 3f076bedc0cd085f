import type { PeerCertificate } from "node:tls";
import { apiError } from "@flotilla/api";

/** Whose certificates may ask a kubelet for shells: the API server's and administrators'. A node's own may not. */
const GROUPS = ["system:masters", "kubeadm:cluster-admins"];
const USERS = ["kube-apiserver-kubelet-client", "kube-apiserver"];

/** @throws ApiError Forbidden */
export function authorizePeer(certificate: PeerCertificate | undefined): void {
  const subject = (certificate?.subject ?? {}) as { CN?: string | string[]; O?: string | string[] };
  const list = (value: string | string[] | undefined) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
  if (list(subject.CN).some((name) => USERS.includes(name)) || list(subject.O).some((group) => GROUPS.includes(group))) return;
  throw apiError("Forbidden", `Forbidden (user=${list(subject.CN)[0] ?? "system:anonymous"}, verb=proxy, resource=nodes)`);
}
