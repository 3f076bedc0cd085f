import { type FlagSpecs, flagSection } from "@flotilla/process";
import { AUDIT_FLAGS } from "./flags/audit.ts";

/** kube-apiserver's names, defaults and sections; --grpc-port is ours. */
export const FLAGS = {
  ...flagSection("Etcd", {
    "etcd-servers": { type: "list", default: [], help: "List of etcd servers to connect with (scheme://ip:port), comma separated." },
    "etcd-cafile": { type: "string", help: "SSL Certificate Authority file used to secure etcd communication." },
    "etcd-certfile": { type: "string", help: "SSL certification file used to secure etcd communication." },
    "etcd-keyfile": { type: "string", help: "SSL key file used to secure etcd communication." },
    "etcd-compaction-interval": {
      type: "duration",
      default: 300_000,
      help: "The interval of compaction requests; 0 means the server does not compact.",
    },
    "encryption-provider-config": { type: "string", help: "File with the providers that encrypt resources in the store." },
    "encryption-provider-config-automatic-reload": {
      type: "bool",
      default: false,
      help: "Take a changed encryption-provider-config without a restart.",
    },
  }),
  ...flagSection("Secure serving", {
    "bind-address": { type: "string", default: "0.0.0.0", help: "The IP address on which to listen." },
    "secure-port": { type: "int", default: 6443, help: "The port on which to serve HTTPS with authentication and authorization." },
    "tls-cert-file": { type: "string", help: "File containing the x509 certificate for HTTPS." },
    "tls-private-key-file": { type: "string", help: "File containing the x509 private key matching --tls-cert-file." },
  }),
  ...flagSection("Generic", {
    "advertise-address": { type: "string", help: "The IP address on which to advertise the apiserver to members of the cluster." },
    "grpc-port": { type: "int", default: 6444, help: "The port on which to serve flotilla.api.v1; 0 picks one, -1 turns it off." },
    "goaway-chance": { type: "float", default: 0, help: "Probability of closing an HTTP/2 client's connection with a request, 0 to 0.02." },
    "max-requests-inflight": { type: "int", default: 400, help: "Limit of non-mutating requests in flight; 0 for none." },
    "max-mutating-requests-inflight": { type: "int", default: 200, help: "Limit of mutating requests in flight; 0 for none." },
    "min-request-timeout": {
      type: "int",
      default: 1800,
      help: "Seconds after which a watch ends at the earliest; some time is added by chance.",
    },
    "request-timeout": { type: "duration", default: 60_000, help: "Time after which requests time out, watches and streams excepted." },
    "shutdown-delay-duration": { type: "duration", default: 0, help: "Time to keep serving after the stop signal, while /readyz fails." },
    "feature-gates": { type: "map", default: {}, help: "Accepted for compatibility." },
  }),
  ...flagSection("Auditing", AUDIT_FLAGS),
  ...flagSection("Features", {
    "enable-priority-and-fairness": {
      type: "bool",
      default: true,
      help: "Queue requests by priority and flow instead of only counting them.",
    },
    profiling: { type: "bool", default: true, help: "Accepted for compatibility." },
  }),
  ...flagSection("Authentication", {
    "anonymous-auth": { type: "bool", default: true, help: "Enables anonymous requests." },
    "api-audiences": { type: "list", default: [], help: "Identifiers of the API; default: the issuer." },
    "client-ca-file": { type: "string", help: "Authorities whose client certificates authenticate with their CommonName." },
    "enable-bootstrap-token-auth": {
      type: "bool",
      default: false,
      help: "Allow secrets of type 'bootstrap.kubernetes.io/token' in kube-system for joining.",
    },
    "requestheader-allowed-names": {
      type: "list",
      default: [],
      help: "Common names of front proxies; empty: any that --requestheader-client-ca-file has signed.",
    },
    "requestheader-client-ca-file": {
      type: "string",
      help: "Authorities of front proxies, whose headers are believed. Do not depend on authorization for what is signed by it.",
    },
    "requestheader-extra-headers-prefix": {
      type: "list",
      default: [],
      help: "Prefixes of headers with more of the user. X-Remote-Extra- is suggested.",
    },
    "requestheader-group-headers": { type: "list", default: [], help: "Headers that carry groups. X-Remote-Group is suggested." },
    "requestheader-uid-headers": { type: "list", default: [], help: "Headers that carry the UID. X-Remote-Uid is suggested." },
    "requestheader-username-headers": { type: "list", default: [], help: "Headers that carry the user's name. X-Remote-User is common." },
    "service-account-issuer": {
      type: "list",
      default: ["https://kubernetes.default.svc.cluster.local"],
      help: "Identifier of the service account token issuer.",
    },
    "service-account-key-file": { type: "list", default: [], help: "Files with keys that verify ServiceAccount tokens." },
    "service-account-signing-key-file": { type: "string", help: "File with the private key that signs ServiceAccount tokens." },
    "service-account-max-token-expiration": {
      type: "duration",
      default: 0,
      help: "The longest lifetime of a token asked for; 0 means no limit.",
    },
    "token-auth-file": { type: "string", help: 'File with static bearer tokens: token,user,uid,"groups".' },
  }),
  ...flagSection("Authorization", {
    "authorization-mode": { type: "list", default: ["AlwaysAllow"], help: "Ordered list of: AlwaysAllow, AlwaysDeny, RBAC, Node." },
  }),
  ...flagSection("Admission", {
    "enable-admission-plugins": { type: "list", default: [], help: "Admission plugins to enable beside the default ones." },
    "disable-admission-plugins": { type: "list", default: [], help: "Admission plugins to disable although they are on by default." },
    "default-not-ready-toleration-seconds": {
      type: "int",
      default: 300,
      help: "tolerationSeconds for notReady:NoExecute that pods get by default.",
    },
    "default-unreachable-toleration-seconds": {
      type: "int",
      default: 300,
      help: "tolerationSeconds for unreachable:NoExecute that pods get by default.",
    },
  }),
  ...flagSection("Misc", {
    "allow-privileged": { type: "bool", default: true, help: "If true, allow privileged containers." },
    "event-ttl": { type: "duration", default: 3_600_000, help: "Amount of time to retain events." },
    "kubelet-certificate-authority": { type: "string", help: "Path to a cert file for the kubelets' certificate authority." },
    "kubelet-client-certificate": { type: "string", help: "Path to a client cert file for TLS to kubelets." },
    "kubelet-client-key": { type: "string", help: "Path to a client key file for TLS to kubelets." },
    "kubelet-preferred-address-types": {
      type: "list",
      default: ["InternalIP", "Hostname", "ExternalIP"],
      help: "Node address types to use, in order.",
    },
    "proxy-client-cert-file": { type: "string", help: "Client certificate that proves to extension servers who asks." },
    "proxy-client-key-file": { type: "string", help: "Private key of that certificate." },
    "service-cluster-ip-range": { type: "string", default: "10.96.0.0/12", help: "CIDR from which service cluster IPs are assigned." },
    "service-node-port-range": { type: "string", default: "30000-32767", help: "Ports to reserve for services with NodePort visibility." },
  }),
} as const satisfies FlagSpecs;
