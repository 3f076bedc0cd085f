import type { Pod } from "@flotilla/api";

/**
 * What a mirror pod refers to although it must not: a node could read any secret by claiming that a static pod of
 * its own needs it.
 */
export function referencesOfMirror({ spec }: Pod): "a service account" | "secrets" | "configmaps" | "persistentvolumeclaims" | undefined {
  if (!spec) return undefined;
  if (spec.serviceAccountName) return "a service account";
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const env = containers.flatMap((container) => container.env ?? []);
  const envFrom = containers.flatMap((container) => container.envFrom ?? []);
  const volumes = spec.volumes ?? [];
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? []);
  const secrets =
    (spec.imagePullSecrets ?? []).length > 0 ||
    env.some(({ valueFrom }) => valueFrom?.secretKeyRef) ||
    envFrom.some(({ secretRef }) => secretRef) ||
    volumes.some(({ secret }) => secret) ||
    sources.some(({ secret, serviceAccountToken }) => secret || serviceAccountToken);
  if (secrets) return "secrets";
  const configMaps =
    env.some(({ valueFrom }) => valueFrom?.configMapKeyRef) ||
    envFrom.some(({ configMapRef }) => configMapRef) ||
    volumes.some(({ configMap }) => configMap) ||
    sources.some(({ configMap }) => configMap);
  if (configMaps) return "configmaps";
  return volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim) ? "persistentvolumeclaims" : undefined;
}
