import type { Container, Pod } from "@flotilla/api";

/** Labels and annotations by which sandboxes and containers are found again after a restart; upstream's names. */
export const LABEL = {
  podName: "io.kubernetes.pod.name",
  podNamespace: "io.kubernetes.pod.namespace",
  podUid: "io.kubernetes.pod.uid",
  containerName: "io.kubernetes.container.name",
} as const;

export const ANNOTATION = {
  hash: "io.kubernetes.container.hash",
  restartCount: "io.kubernetes.container.restartCount",
  terminationMessagePath: "io.kubernetes.container.terminationMessagePath",
  terminationMessagePolicy: "io.kubernetes.container.terminationMessagePolicy",
  /** Ours: where on the host the termination log lies, so that it is found after a restart. */
  terminationLog: "flotilla.dev/termination-log",
  terminationGrace: "io.kubernetes.pod.terminationGracePeriod",
  deletionGrace: "io.kubernetes.pod.deletionGracePeriod",
  ports: "io.kubernetes.container.ports",
  preStop: "io.kubernetes.container.preStopHandler",
} as const;

export function podLabels(pod: Pod): Record<string, string> {
  return {
    ...pod.metadata.labels,
    [LABEL.podName]: pod.metadata.name!,
    [LABEL.podNamespace]: pod.metadata.namespace!,
    [LABEL.podUid]: pod.metadata.uid!,
  };
}

export function containerLabels(pod: Pod, container: Container): Record<string, string> {
  return {
    [LABEL.podName]: pod.metadata.name!,
    [LABEL.podNamespace]: pod.metadata.namespace!,
    [LABEL.podUid]: pod.metadata.uid!,
    [LABEL.containerName]: container.name,
  };
}

export function containerAnnotations(pod: Pod, container: Container, restartCount: number): Record<string, string> {
  return {
    [ANNOTATION.hash]: containerHash(container),
    [ANNOTATION.restartCount]: String(restartCount),
    [ANNOTATION.terminationMessagePath]: container.terminationMessagePath ?? "/dev/termination-log",
    [ANNOTATION.terminationMessagePolicy]: container.terminationMessagePolicy ?? "File",
    [ANNOTATION.terminationGrace]: String(pod.spec?.terminationGracePeriodSeconds ?? 30),
    ...(container.ports?.length ? { [ANNOTATION.ports]: JSON.stringify(container.ports) } : {}),
    ...(container.lifecycle?.preStop ? { [ANNOTATION.preStop]: JSON.stringify(container.lifecycle.preStop) } : {}),
  };
}

/** Changes when a running container must be replaced: name and image are all that may change in a pod (FNV-1a, 32 bits). */
export function containerHash(container: Container): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify({ name: container.name, image: container.image }))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16);
}
