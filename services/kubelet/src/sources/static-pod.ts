import { createHash } from "node:crypto";
import type { Container, Pod } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { parseAllDocuments } from "yaml";
import { defaultPullPolicy } from "../images/reference.ts";
import { HASH_ANNOTATION, SEEN_ANNOTATION, SOURCE_ANNOTATION } from "../pods/pod.ts";

/** The pods a manifest holds, completed as the API server would, with uids made of their content. @throws Error */
export function parseManifest(text: string, file: string, nodeName: string, now_ms: number): Pod[] {
  return parseAllDocuments(text)
    .map((document) => {
      if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]!.message}`);
      return document.toJS() as Pod | null;
    })
    .filter((pod) => pod !== null)
    .map((pod) => {
      if (pod.kind !== "Pod" || !pod.metadata?.name || !pod.spec?.containers?.length) {
        throw new Error(`${file}: not a pod with a name and containers`);
      }
      return complete(pod, file, nodeName, now_ms);
    });
}

function complete(pod: Pod, file: string, nodeName: string, now_ms: number): Pod {
  const hash = createHash("md5").update(JSON.stringify(pod)).update(`host:${nodeName}`).update(`file:${file}`).digest("hex");
  return {
    ...pod,
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...pod.metadata,
      name: `${pod.metadata.name}-${nodeName}`,
      namespace: pod.metadata.namespace ?? "default",
      uid: hash,
      annotations: {
        ...pod.metadata.annotations,
        [HASH_ANNOTATION]: hash,
        [SEEN_ANNOTATION]: rfc3339(now_ms),
        [SOURCE_ANNOTATION]: "file",
      },
    },
    spec: completeSpec(pod.spec!, nodeName),
  };
}

function completeSpec(spec: NonNullable<Pod["spec"]>, nodeName: string): NonNullable<Pod["spec"]> {
  return {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    terminationGracePeriodSeconds: 30,
    enableServiceLinks: true,
    schedulerName: "default-scheduler",
    securityContext: {},
    ...spec,
    nodeName,
    // Static pods stay whatever happens to their node.
    tolerations: [...(spec.tolerations ?? []), { effect: "NoExecute", operator: "Exists" }],
    containers: spec.containers.map(completeContainer),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(completeContainer) } : {}),
  };
}

function completeContainer(container: Container): Container {
  return {
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: defaultPullPolicy(container.image ?? ""),
    resources: {},
    ...container,
    ports: container.ports?.map((p) => ({ protocol: "TCP", ...p })),
    ...Object.fromEntries(
      (["livenessProbe", "readinessProbe", "startupProbe"] as const).flatMap((k) =>
        container[k] ? [[k, completeProbe(container[k])]] : [],
      ),
    ),
  };
}

function completeProbe(probe: NonNullable<Container["livenessProbe"]>): NonNullable<Container["livenessProbe"]> {
  return { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3, ...probe };
}
