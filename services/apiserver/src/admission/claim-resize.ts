import { type PersistentVolumeClaim, parseQuantity, type StorageClass } from "@flotilla/api";
import { forbidden } from "../request/errors.ts";
import type { AdmissionPlugin } from "./admission.ts";
import { type CacheReader, cachedObject } from "./cached.ts";

const BETA_CLASS = "volume.beta.kubernetes.io/storage-class";

/** A claim grows only when it is bound and its class can expand volumes. */
export function persistentVolumeClaimResize({ store }: { store: CacheReader }): AdmissionPlugin {
  return {
    name: "PersistentVolumeClaimResize",
    validate({ definition, operation, subresource, name }, object, old) {
      if (definition.group !== "" || definition.resource !== "persistentvolumeclaims") return;
      if (operation !== "UPDATE" || subresource !== "" || !object || !old) return;
      const [claim, before] = [object as unknown as PersistentVolumeClaim, old as unknown as PersistentVolumeClaim];
      if (bytesOf(claim) <= bytesOf(before)) return;
      if (before.status?.phase !== "Bound") throw forbidden(definition, name, "Only bound persistent volume claims can be expanded");
      const className = claim.metadata.annotations?.[BETA_CLASS] ?? claim.spec?.storageClassName ?? "";
      const found = className === "" ? undefined : cachedObject<StorageClass>(store, "storageclasses", "", className);
      if (found?.allowVolumeExpansion) return;
      const why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
      throw forbidden(definition, name, why);
    },
  };
}

const bytesOf = ({ spec }: PersistentVolumeClaim): bigint => parseQuantity(spec?.resources?.requests?.["storage"] ?? "0").nanos;
