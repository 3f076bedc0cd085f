import { join } from "node:path";
import type { MachineLayout } from "../layout.ts";
import { type ClusterSpec, controlPlanesOf, type MachineSpec, POD_CIDR, SERVICE_CIDR } from "../spec.ts";
import { httpProbe, type StaticPod } from "./static-pod.ts";

/** Forgiving: a starved process on a small machine must not be killed for being slow. */
const LIVENESS = { initialDelaySeconds: 15, periodSeconds: 10, timeoutSeconds: 15, failureThreshold: 8 };
const READINESS = { periodSeconds: 2, timeoutSeconds: 15, failureThreshold: 3 };

/** The four static pods of one control plane, with upstream's flags. */
export function controlPlanePods(spec: ClusterSpec, machine: MachineSpec, layout: MachineLayout): StaticPod[] {
  return [etcd(spec, machine, layout), apiserver(spec, machine, layout), scheduler(spec, machine, layout), manager(spec, machine, layout)];
}

export const CONTROL_PLANE_COMPONENTS = ["etcd", "kube-apiserver", "kube-scheduler", "kube-controller-manager"] as const;

function etcd(spec: ClusterSpec, machine: MachineSpec, layout: MachineLayout): StaticPod {
  const pki = (name: string) => join(layout.pki, "etcd", name);
  const initial = controlPlanesOf(spec).map((m) => `${m.name}=https://${m.address}:2380`);
  return {
    component: "etcd",
    args: [
      `--name=${machine.name}`,
      `--data-dir=${layout.etcdData}`,
      `--advertise-client-urls=https://${machine.address}:2379`,
      `--listen-client-urls=https://127.0.0.1:2379,https://${machine.address}:2379`,
      `--listen-peer-urls=https://${machine.address}:2380`,
      `--initial-advertise-peer-urls=https://${machine.address}:2380`,
      `--initial-cluster=${initial.join(",")}`,
      "--initial-cluster-state=new",
      `--initial-cluster-token=${spec.name}`,
      "--listen-metrics-urls=http://127.0.0.1:2381",
      `--cert-file=${pki("server.crt")}`,
      `--key-file=${pki("server.key")}`,
      "--client-cert-auth=true",
      `--trusted-ca-file=${pki("ca.crt")}`,
      `--peer-cert-file=${pki("peer.crt")}`,
      `--peer-key-file=${pki("peer.key")}`,
      "--peer-client-cert-auth=true",
      `--peer-trusted-ca-file=${pki("ca.crt")}`,
    ],
    requests: { cpu: "100m", memory: "100Mi" },
    probes: {
      liveness: httpProbe({ host: "127.0.0.1", port: 2381, path: "/health?exclude=NOSPACE&serializable=true", scheme: "HTTP" }, LIVENESS),
    },
  };
}

function apiserver(spec: ClusterSpec, machine: MachineSpec, layout: MachineLayout): StaticPod {
  const pki = (name: string) => join(layout.pki, name);
  // Its own store member first: the others only when that one is gone.
  const stores = [machine, ...controlPlanesOf(spec).filter((m) => m.name !== machine.name)].map((m) => `https://${m.address}:2379`);
  const probe = (path: string) => ({ host: machine.address, port: 6443, path, scheme: "HTTPS" as const });
  return {
    component: "kube-apiserver",
    args: [
      `--advertise-address=${machine.address}`,
      "--allow-privileged=true",
      "--authorization-mode=Node,RBAC",
      `--client-ca-file=${pki("ca.crt")}`,
      "--enable-admission-plugins=NodeRestriction",
      "--enable-bootstrap-token-auth=true",
      `--etcd-servers=${stores.join(",")}`,
      `--etcd-cafile=${pki("etcd/ca.crt")}`,
      `--etcd-certfile=${pki("apiserver-etcd-client.crt")}`,
      `--etcd-keyfile=${pki("apiserver-etcd-client.key")}`,
      `--kubelet-client-certificate=${pki("apiserver-kubelet-client.crt")}`,
      `--kubelet-client-key=${pki("apiserver-kubelet-client.key")}`,
      `--kubelet-certificate-authority=${pki("ca.crt")}`,
      `--proxy-client-cert-file=${pki("front-proxy-client.crt")}`,
      `--proxy-client-key-file=${pki("front-proxy-client.key")}`,
      "--requestheader-allowed-names=front-proxy-client",
      `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-username-headers=X-Remote-User",
      "--secure-port=6443",
      "--grpc-port=6444",
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      `--service-account-key-file=${pki("sa.pub")}`,
      `--service-account-signing-key-file=${pki("sa.key")}`,
      `--service-cluster-ip-range=${SERVICE_CIDR}`,
      `--tls-cert-file=${pki("apiserver.crt")}`,
      `--tls-private-key-file=${pki("apiserver.key")}`,
      ...(spec.failover === "fast" ? ["--default-not-ready-toleration-seconds=30", "--default-unreachable-toleration-seconds=30"] : []),
    ],
    requests: { cpu: "250m" },
    probes: { liveness: httpProbe(probe("/livez"), LIVENESS), readiness: httpProbe(probe("/readyz"), READINESS) },
  };
}

/** Shorter than Kubernetes' 15 s, 10 s and 2 s, but not ten times: a lease must outlast the pauses of a small busy machine. */
const FAST_LEASES = ["--leader-elect-lease-duration=4s", "--leader-elect-renew-deadline=3s", "--leader-elect-retry-period=500ms"];

function scheduler(spec: ClusterSpec, _machine: MachineSpec, layout: MachineLayout): StaticPod {
  const kubeconfig = join(layout.kubernetes, "scheduler.conf");
  return {
    component: "kube-scheduler",
    args: [
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      `--bind-address=127.0.0.1`,
      `--kubeconfig=${kubeconfig}`,
      "--leader-elect=true",
      ...(spec.failover === "fast" ? FAST_LEASES : []),
    ],
    requests: { cpu: "100m" },
    probes: { liveness: httpProbe({ host: "127.0.0.1", port: 10259, path: "/healthz", scheme: "HTTPS" }, LIVENESS) },
  };
}

function manager(spec: ClusterSpec, _machine: MachineSpec, layout: MachineLayout): StaticPod {
  const kubeconfig = join(layout.kubernetes, "controller-manager.conf");
  const pki = (name: string) => join(layout.pki, name);
  return {
    component: "kube-controller-manager",
    args: [
      "--allocate-node-cidrs=true",
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      "--bind-address=127.0.0.1",
      `--client-ca-file=${pki("ca.crt")}`,
      `--cluster-cidr=${POD_CIDR}`,
      `--cluster-name=${spec.name}`,
      `--cluster-signing-cert-file=${pki("ca.crt")}`,
      `--cluster-signing-key-file=${pki("ca.key")}`,
      "--controllers=*,bootstrapsigner,tokencleaner",
      `--kubeconfig=${kubeconfig}`,
      "--leader-elect=true",
      `--root-ca-file=${pki("ca.crt")}`,
      `--service-account-private-key-file=${pki("sa.key")}`,
      `--service-cluster-ip-range=${SERVICE_CIDR}`,
      "--use-service-account-credentials=true",
      ...(spec.failover === "fast" ? [...FAST_LEASES, "--node-monitor-grace-period=4s", "--node-monitor-period=500ms"] : []),
    ],
    requests: { cpu: "200m" },
    probes: { liveness: httpProbe({ host: "127.0.0.1", port: 10257, path: "/healthz", scheme: "HTTPS" }, LIVENESS) },
  };
}
