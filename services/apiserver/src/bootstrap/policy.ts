import type { PolicyRule } from "../authz/authorizer.ts";
import { CONTROLLER_ROLES } from "./policy-controllers.ts";
import { READ, rule, urls } from "./policy-rules.ts";
import { USER_ROLES } from "./policy-users.ts";

export interface BootstrapRole {
  name: string;
  /** Set: a Role there; else a ClusterRole. */
  namespace?: string;
  labels?: Record<string, string>;
  rules: PolicyRule[];
  /** Label sets whose ClusterRoles' rules this one gathers. */
  aggregate?: Record<string, string>[];
}

export interface BootstrapBinding {
  name: string;
  namespace?: string;
  role: string;
  /** The role is a Role of the same namespace. */
  localRole?: boolean;
  subjects: { kind: "User" | "Group" | "ServiceAccount"; name: string; namespace?: string }[];
}

const CORE = "";
const AUTHENTICATION = "authentication.k8s.io";
const AUTHORIZATION = "authorization.k8s.io";
const CERTIFICATES = "certificates.k8s.io";
const COORDINATION = "coordination.k8s.io";
const DISCOVERY = "discovery.k8s.io";
const STORAGE = "storage.k8s.io";
const EVENTS = ["", "events.k8s.io"];

const group = (name: string) => [{ kind: "Group" as const, name }];
const user = (name: string) => [{ kind: "User" as const, name }];

/** What anybody may know: is it alive, which version is it. */
const PUBLIC_URLS = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
const DISCOVERY_URLS = [
  "/api",
  "/api/*",
  "/apis",
  "/apis/*",
  "/healthz",
  "/livez",
  "/openapi",
  "/openapi/*",
  "/readyz",
  "/version",
  "/version/",
];

/** A kubelet's needs; the Node authorizer narrows secrets, config maps and tokens to what its pods use. */
export const NODE_RULES: PolicyRule[] = [
  rule(["create"], AUTHENTICATION, ["tokenreviews"]),
  rule(["create"], AUTHORIZATION, ["localsubjectaccessreviews", "subjectaccessreviews"]),
  rule(READ, CORE, ["services", "nodes", "namespaces"]),
  rule(["create", "patch", "update"], CORE, ["nodes", "nodes/status"]),
  rule(READ, CORE, ["pods"]),
  rule(["create", "delete"], CORE, ["pods"]),
  rule(["patch", "update"], CORE, ["pods/status"]),
  rule(["create"], CORE, ["pods/eviction"]),
  rule(["create", "patch", "update"], EVENTS, ["events"]),
  rule(["get", "create", "list", "watch"], CERTIFICATES, ["certificatesigningrequests"]),
  rule(["get", "create", "update", "patch", "delete"], COORDINATION, ["leases"]),
  rule(READ, "node.k8s.io", ["runtimeclasses"]),
  rule(READ, STORAGE, ["csidrivers"]),
];

export const ROLES: BootstrapRole[] = [
  { name: "cluster-admin", rules: [rule(["*"], "*", ["*"]), { verbs: ["*"], nonResourceURLs: ["*"] }] },
  { name: "system:discovery", rules: [urls(["get"], DISCOVERY_URLS)] },
  {
    name: "system:monitoring",
    rules: [urls(["get"], ["/metrics", "/metrics/slis", "/livez", "/livez/*", "/readyz", "/readyz/*", "/healthz", "/healthz/*"])],
  },
  {
    name: "system:basic-user",
    rules: [
      rule(["create"], AUTHORIZATION, ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
      rule(["create"], AUTHENTICATION, ["selfsubjectreviews"]),
    ],
  },
  { name: "system:public-info-viewer", rules: [urls(["get"], PUBLIC_URLS)] },
  {
    name: "system:service-account-issuer-discovery",
    rules: [
      urls(["get"], ["/.well-known/openid-configuration", "/.well-known/openid-configuration/", "/openid/v1/jwks", "/openid/v1/jwks/"]),
    ],
  },
  ...USER_ROLES,
  { name: "system:heapster", rules: [rule(READ, CORE, ["events", "pods", "nodes", "namespaces"]), rule(READ, "apps", ["deployments"])] },
  { name: "system:node", rules: NODE_RULES },
  {
    name: "system:node-problem-detector",
    rules: [
      rule(["get"], CORE, ["nodes"]),
      rule(["patch"], CORE, ["nodes/status"]),
      rule(["create", "patch", "update"], EVENTS, ["events"]),
    ],
  },
  {
    name: "system:node-proxier",
    rules: [
      rule(["list", "watch"], CORE, ["services", "endpoints"]),
      rule(READ, CORE, ["nodes"]),
      rule(["create", "patch", "update"], EVENTS, ["events"]),
      rule(["list", "watch"], DISCOVERY, ["endpointslices"]),
    ],
  },
  { name: "system:node-bootstrapper", rules: [rule([...READ, "create"], CERTIFICATES, ["certificatesigningrequests"])] },
  {
    name: "system:kubelet-api-admin",
    rules: [
      rule(READ, CORE, ["nodes"]),
      rule(["proxy"], CORE, ["nodes"]),
      rule(["*"], CORE, ["nodes/proxy", "nodes/metrics", "nodes/stats", "nodes/log"]),
    ],
  },
  {
    name: "system:auth-delegator",
    rules: [rule(["create"], AUTHENTICATION, ["tokenreviews"]), rule(["create"], AUTHORIZATION, ["subjectaccessreviews"])],
  },
  { name: "system:kube-aggregator", rules: [rule(READ, CORE, ["services", "endpoints"])] },
  { name: "system:kube-dns", rules: [rule(["list", "watch"], CORE, ["endpoints", "services"])] },
  {
    name: "system:coredns",
    rules: [
      rule(["list", "watch"], CORE, ["endpoints", "services", "pods", "namespaces"]),
      rule(["list", "watch"], DISCOVERY, ["endpointslices"]),
      rule(["get"], CORE, ["nodes"]),
    ],
  },
  {
    name: "system:persistent-volume-provisioner",
    rules: [
      rule([...READ, "create", "delete"], CORE, ["persistentvolumes"]),
      rule([...READ, "update"], CORE, ["persistentvolumeclaims"]),
      rule(READ, STORAGE, ["storageclasses"]),
      rule(["watch", "create", "update", "patch"], EVENTS, ["events"]),
    ],
  },
  ...[
    ["nodeclient", "certificatesigningrequests/nodeclient"],
    ["selfnodeclient", "certificatesigningrequests/selfnodeclient"],
  ].map(([name, resource]) => ({
    name: `system:certificates.k8s.io:certificatesigningrequests:${name}`,
    rules: [rule(["create"], CERTIFICATES, [resource!])],
  })),
  ...["kube-apiserver-client", "kube-apiserver-client-kubelet", "kubelet-serving", "legacy-unknown"].map((signer) => ({
    name: `system:certificates.k8s.io:${signer}-approver`,
    rules: [{ ...rule(["approve"], CERTIFICATES, ["signers"]), resourceNames: [`kubernetes.io/${signer}`] }],
  })),
  {
    name: "system:kube-scheduler",
    rules: [
      rule(["create", "patch", "update"], EVENTS, ["events"]),
      rule(["create"], COORDINATION, ["leases"]),
      { ...rule(["get", "update"], COORDINATION, ["leases"]), resourceNames: ["kube-scheduler"] },
      rule(READ, CORE, ["nodes", "namespaces", "replicationcontrollers", "services", "persistentvolumes", "persistentvolumeclaims"]),
      rule([...READ, "delete"], CORE, ["pods"]),
      rule(["create"], CORE, ["bindings", "pods/binding"]),
      rule(["patch", "update"], CORE, ["pods/status"]),
      rule(READ, "apps", ["replicasets", "statefulsets"]),
      rule(READ, "policy", ["poddisruptionbudgets"]),
      rule(READ, STORAGE, ["storageclasses", "csinodes", "csidrivers", "csistoragecapacities"]),
      rule(READ, "scheduling.k8s.io", ["priorityclasses"]),
      rule(["create"], AUTHENTICATION, ["tokenreviews"]),
      rule(["create"], AUTHORIZATION, ["subjectaccessreviews"]),
    ],
  },
  {
    name: "system:volume-scheduler",
    rules: [
      rule([...READ, "patch", "update"], CORE, ["persistentvolumes"]),
      rule(READ, STORAGE, ["storageclasses"]),
      rule([...READ, "patch", "update"], CORE, ["persistentvolumeclaims"]),
    ],
  },
  ...CONTROLLER_ROLES,
  {
    name: "extension-apiserver-authentication-reader",
    namespace: "kube-system",
    rules: [{ ...rule(READ, CORE, ["configmaps"]), resourceNames: ["extension-apiserver-authentication"] }],
  },
  {
    name: "system::leader-locking-kube-controller-manager",
    namespace: "kube-system",
    rules: [
      rule(["watch"], CORE, ["configmaps"]),
      { ...rule(["get", "update"], CORE, ["configmaps"]), resourceNames: ["kube-controller-manager"] },
    ],
  },
  {
    name: "system::leader-locking-kube-scheduler",
    namespace: "kube-system",
    rules: [rule(["watch"], CORE, ["configmaps"]), { ...rule(["get", "update"], CORE, ["configmaps"]), resourceNames: ["kube-scheduler"] }],
  },
  {
    name: "system:controller:bootstrap-signer",
    namespace: "kube-public",
    rules: [
      rule(READ, CORE, ["configmaps"]),
      { ...rule(["update"], CORE, ["configmaps"]), resourceNames: ["cluster-info"] },
      rule(["create", "patch", "update"], EVENTS, ["events"]),
    ],
  },
  {
    name: "system:controller:token-cleaner",
    namespace: "kube-system",
    rules: [rule([...READ, "delete"], CORE, ["secrets"]), rule(["create", "patch", "update"], EVENTS, ["events"])],
  },
];

export const BINDINGS: BootstrapBinding[] = [
  { name: "cluster-admin", role: "cluster-admin", subjects: group("system:masters") },
  { name: "system:monitoring", role: "system:monitoring", subjects: group("system:monitoring") },
  { name: "system:discovery", role: "system:discovery", subjects: group("system:authenticated") },
  { name: "system:basic-user", role: "system:basic-user", subjects: group("system:authenticated") },
  {
    name: "system:public-info-viewer",
    role: "system:public-info-viewer",
    subjects: [...group("system:authenticated"), ...group("system:unauthenticated")],
  },
  {
    name: "system:service-account-issuer-discovery",
    role: "system:service-account-issuer-discovery",
    subjects: group("system:serviceaccounts"),
  },
  { name: "system:node-proxier", role: "system:node-proxier", subjects: user("system:kube-proxy") },
  { name: "system:kube-controller-manager", role: "system:kube-controller-manager", subjects: user("system:kube-controller-manager") },
  { name: "system:kube-scheduler", role: "system:kube-scheduler", subjects: user("system:kube-scheduler") },
  { name: "system:volume-scheduler", role: "system:volume-scheduler", subjects: user("system:kube-scheduler") },
  { name: "system:kube-dns", role: "system:kube-dns", subjects: [{ kind: "ServiceAccount", name: "kube-dns", namespace: "kube-system" }] },
  {
    name: "system:coredns",
    role: "system:coredns",
    subjects: [{ kind: "ServiceAccount", name: "coredns", namespace: "kube-system" }, ...user("system:coredns")],
  },
  ...CONTROLLER_ROLES.filter(({ name }) => name.startsWith("system:controller:")).map(({ name }) => ({
    name,
    role: name,
    subjects: [{ kind: "ServiceAccount" as const, name: name.slice("system:controller:".length), namespace: "kube-system" }],
  })),
  {
    name: "system::leader-locking-kube-controller-manager",
    namespace: "kube-system",
    role: "system::leader-locking-kube-controller-manager",
    localRole: true,
    subjects: [...user("system:kube-controller-manager")],
  },
  {
    name: "system::leader-locking-kube-scheduler",
    namespace: "kube-system",
    role: "system::leader-locking-kube-scheduler",
    localRole: true,
    subjects: [...user("system:kube-scheduler")],
  },
  {
    name: "system::extension-apiserver-authentication-reader",
    namespace: "kube-system",
    role: "extension-apiserver-authentication-reader",
    localRole: true,
    subjects: [...user("system:kube-controller-manager"), ...user("system:kube-scheduler")],
  },
];
