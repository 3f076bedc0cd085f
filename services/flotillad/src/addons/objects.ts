import type { ConfigMap, DaemonSet, Deployment, Service } from "@flotilla/api";
import { DNS_ADDRESS, DNS_DOMAIN } from "../spec.ts";

const NAMESPACE = "kube-system";

export interface AddonFacts {
  /** `<state>/machines`: `$(NODE_NAME)` completes it to a machine's root. */
  machines: string;
  image: (component: string) => string;
  /** Where node and the bundles lie: the DNS pods' root shows one file system, these may be on others. */
  installFolders: readonly string[];
  dnsReplicas: number;
  /** host:port that answers for names outside of the cluster; undefined: nobody does. */
  upstreamDns: string | undefined;
}

const nodeName = { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } };

export const runtimeClass = (handler: string) => ({
  apiVersion: "node.k8s.io/v1",
  kind: "RuntimeClass",
  metadata: { name: handler },
  handler,
});

/** On every node, whatever its taints: without it a node has no services. */
export function kubeProxy(facts: AddonFacts): DaemonSet {
  const labels = { "k8s-app": "kube-proxy" };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "kube-proxy", namespace: NAMESPACE, labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: "RollingUpdate" },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          hostNetwork: true,
          priorityClassName: "system-node-critical",
          runtimeClassName: "process",
          tolerations: [{ operator: "Exists" }],
          nodeSelector: { "kubernetes.io/os": "linux" },
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: "kube-proxy",
              image: facts.image("kube-proxy"),
              args: [`--kubeconfig=${facts.machines}/$(NODE_NAME)/etc/kubernetes/kube-proxy.conf`, "--hostname-override=$(NODE_NAME)"],
              env: [nodeName],
              // Not "best effort": a busy machine would starve its services first.
              resources: { requests: { cpu: "100m" } },
            },
          ],
        },
      },
    },
  } as DaemonSet;
}

/** Host folders at their own paths, read-only. */
function sameFolders(folders: readonly string[]) {
  const named = [...new Set(folders)].map((path, i) => ({ name: `host-${i}`, path }));
  return {
    volumes: named.map(({ name, path }) => ({ name, hostPath: { path, type: "Directory" } })),
    volumeMounts: named.map(({ name, path }) => ({ name, mountPath: path, readOnly: true })),
  };
}

const DNS_LABELS = { "k8s-app": "kube-dns" };

export function dnsDeployment(facts: AddonFacts): Deployment {
  const { volumes, volumeMounts } = sameFolders([...facts.installFolders, facts.machines]);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "kube-dns", namespace: NAMESPACE, labels: DNS_LABELS },
    spec: {
      replicas: facts.dnsReplicas,
      selector: { matchLabels: DNS_LABELS },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      template: {
        metadata: { labels: DNS_LABELS },
        spec: {
          automountServiceAccountToken: false,
          priorityClassName: "system-cluster-critical",
          runtimeClassName: "process",
          dnsPolicy: "Default",
          tolerations: [
            { key: "CriticalAddonsOnly", operator: "Exists" },
            { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
          ],
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: "kubernetes.io/hostname",
              whenUnsatisfiable: "ScheduleAnyway",
              labelSelector: { matchLabels: DNS_LABELS },
            },
          ],
          volumes,
          containers: [
            {
              name: "kube-dns",
              image: facts.image("kube-dns"),
              args: [
                `--kubeconfig=${facts.machines}/$(NODE_NAME)/etc/kubernetes/dns.conf`,
                `--domain=${DNS_DOMAIN}`,
                ...(facts.upstreamDns ? [`--upstream=${facts.upstreamDns}`] : []),
              ],
              env: [nodeName],
              volumeMounts,
              resources: { requests: { cpu: "100m", memory: "70Mi" }, limits: { memory: "170Mi" } },
              ports: [
                { name: "dns", containerPort: 53, protocol: "UDP" },
                { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
              ],
              readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
              livenessProbe: { httpGet: { path: "/health", port: 8080 }, initialDelaySeconds: 30, timeoutSeconds: 5, failureThreshold: 5 },
            },
          ],
        },
      },
    },
  } as unknown as Deployment;
}

export function dnsService(): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "kube-dns",
      namespace: NAMESPACE,
      labels: { ...DNS_LABELS, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
      annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
    },
    spec: {
      clusterIP: DNS_ADDRESS,
      selector: DNS_LABELS,
      ports: [
        { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
        { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
      ],
    },
  } as unknown as Service;
}

export const dnsClusterRole = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: "flotilla:kube-dns" },
  rules: [
    { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: ["list", "watch"] },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
  ],
};

export const dnsClusterRoleBinding = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "flotilla:kube-dns" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flotilla:kube-dns" },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "system:kube-dns" }],
};

/** Our kubelets keep the routes to the other nodes' pods: for that they read all nodes, which upstream's need not. */
export const routesClusterRole = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: "flotilla:node-routes" },
  rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] }],
};

export const routesClusterRoleBinding = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "flotilla:node-routes" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flotilla:node-routes" },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:nodes" }],
};

export function configMap(name: string, namespace: string, data: Record<string, string>): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
}
