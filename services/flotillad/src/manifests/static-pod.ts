import { stringify } from "yaml";

export interface StaticPod {
  component: string;
  args: string[];
  /** Millicores and bytes as kubeadm requests them, so that the scheduler sees the load. */
  requests: { cpu: string; memory?: string };
  probes: { liveness?: object; readiness?: object; startup?: object };
}

/**
 * As kubeadm's manifests: host network, labels component and tier, system-node-critical.
 * No runtimeClassName: who would look it up before there is an API server? It is the default handler of control planes.
 */
export function staticPodManifest(pod: StaticPod, image: string): string {
  return stringify(
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: pod.component,
        namespace: "kube-system",
        labels: { component: pod.component, tier: "control-plane" },
      },
      spec: {
        hostNetwork: true,
        priority: 2000001000,
        priorityClassName: "system-node-critical",
        securityContext: { seccompProfile: { type: "RuntimeDefault" } },
        terminationGracePeriodSeconds: 10,
        containers: [
          {
            name: pod.component,
            image,
            imagePullPolicy: "IfNotPresent",
            args: pod.args,
            resources: { requests: pod.requests },
            ...(pod.probes.startup ? { startupProbe: pod.probes.startup } : {}),
            ...(pod.probes.liveness ? { livenessProbe: pod.probes.liveness } : {}),
            ...(pod.probes.readiness ? { readinessProbe: pod.probes.readiness } : {}),
          },
        ],
      },
    },
    { lineWidth: 0 },
  );
}

interface Http {
  host: string;
  port: number;
  path: string;
  scheme: "HTTP" | "HTTPS";
}

export const httpProbe = (http: Http, timing: object): object => ({ httpGet: http, ...timing });
