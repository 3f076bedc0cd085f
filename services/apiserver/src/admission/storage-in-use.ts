import type { AdmissionPlugin } from "./admission.ts";

const FINALIZERS: Record<string, string> = {
  persistentvolumes: "kubernetes.io/pv-protection",
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
};

/** Volumes and claims stay while somebody uses them: the protection controllers take the finalizers away. */
export function storageObjectInUseProtection(): AdmissionPlugin {
  return {
    name: "StorageObjectInUseProtection",
    mutate({ definition, operation, subresource }, { metadata }) {
      const finalizer = definition.group === "" ? FINALIZERS[definition.resource] : undefined;
      if (!finalizer || operation !== "CREATE" || subresource !== "" || metadata.finalizers?.includes(finalizer)) return;
      metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
    },
  };
}
