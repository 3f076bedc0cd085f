import { createAuthority, type IssueEnv, issue, type KeyPair } from "./certificate.ts";
import { createServiceAccountKey } from "./keys.ts";

/** What all machines of a cluster share: kubeadm's "certs" phase, kept by whoever runs the cluster. */
export interface ClusterAuthorities {
  /** Signs every Kubernetes certificate. */
  ca: KeyPair;
  /** Signs the store's: so that a kubelet's certificate opens no door there. */
  etcdCa: KeyPair;
  /** Signs the certificates by which extension servers know the API servers: whoever has one may speak for anybody there. */
  frontProxyCa: KeyPair;
  serviceAccount: { privatePem: string; publicPem: string };
}

export function createClusterAuthorities(env: IssueEnv): ClusterAuthorities {
  return {
    ca: createAuthority("kubernetes", env),
    etcdCa: createAuthority("etcd-ca", env),
    frontProxyCa: createAuthority("front-proxy-ca", env),
    serviceAccount: createServiceAccountKey(),
  };
}

export interface ControlPlaneNames {
  node: string;
  address: string;
  /** Further names and addresses clients reach the API server by: load balancer, service address. */
  extra: readonly string[];
}

export interface ControlPlaneCerts {
  apiserver: KeyPair;
  apiserverKubeletClient: KeyPair;
  apiserverEtcdClient: KeyPair;
  etcdServer: KeyPair;
  etcdPeer: KeyPair;
  etcdHealthcheckClient: KeyPair;
  scheduler: KeyPair;
  controllerManager: KeyPair;
}

const SERVICE_NAMES = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];
const LOCAL = ["localhost", "127.0.0.1", "::1"];

export function issueControlPlane(authorities: ClusterAuthorities, names: ControlPlaneNames, env: IssueEnv): ControlPlaneCerts {
  const { ca, etcdCa } = authorities;
  const { node, address } = names;
  const user = (commonName: string, ...organizations: string[]) =>
    issue(ca, { subject: { commonName, organizations }, usages: ["client"] }, env);
  const store = (commonName: string, usages: ("server" | "client")[]) =>
    issue(etcdCa, { subject: { commonName }, altNames: [node, ...LOCAL, address], usages }, env);
  return {
    apiserver: issue(
      ca,
      {
        subject: { commonName: "kube-apiserver" },
        altNames: [node, ...SERVICE_NAMES, ...LOCAL, address, ...names.extra],
        usages: ["server"],
      },
      env,
    ),
    apiserverKubeletClient: user("kube-apiserver-kubelet-client", "system:masters"),
    apiserverEtcdClient: issue(etcdCa, { subject: { commonName: "kube-apiserver-etcd-client" }, usages: ["client"] }, env),
    etcdServer: store(node, ["server", "client"]),
    etcdPeer: store(node, ["server", "client"]),
    etcdHealthcheckClient: issue(etcdCa, { subject: { commonName: "kube-etcd-healthcheck-client" }, usages: ["client"] }, env),
    scheduler: user("system:kube-scheduler"),
    controllerManager: user("system:kube-controller-manager"),
  };
}

/** The administrator's certificate: cluster-admin whatever RBAC says. */
export function issueAdmin(authorities: ClusterAuthorities, env: IssueEnv): KeyPair {
  return issue(authorities.ca, { subject: { commonName: "kubernetes-admin", organizations: ["system:masters"] }, usages: ["client"] }, env);
}

export function issueKubelet(
  authorities: ClusterAuthorities,
  node: { name: string; address: string },
  env: IssueEnv,
): { client: KeyPair; serving: KeyPair } {
  const subject = { commonName: `system:node:${node.name}`, organizations: ["system:nodes"] };
  return {
    client: issue(authorities.ca, { subject, usages: ["client"] }, env),
    serving: issue(authorities.ca, { subject, altNames: [node.name, node.address, ...LOCAL], usages: ["server"] }, env),
  };
}

/** By which API servers show themselves to extension servers. */
export function issueFrontProxy({ frontProxyCa }: Pick<ClusterAuthorities, "frontProxyCa">, env: IssueEnv): KeyPair {
  return issue(frontProxyCa, { subject: { commonName: "front-proxy-client" }, usages: ["client"] }, env);
}
