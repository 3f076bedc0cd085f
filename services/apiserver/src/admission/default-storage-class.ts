import type { KubeObject, PersistentVolumeClaim } from "@flotilla/api";
import type { AdmissionPlugin } from "./admission.ts";
import type { CacheReader } from "./cached.ts";
import { newestDefault } from "./default-class.ts";

const IS_DEFAULT = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
const BETA_CLASS = "volume.beta.kubernetes.io/storage-class";

/** A claim that names no class gets the default one; "" is a name: no class at all. */
export function defaultStorageClass({ store }: { store: CacheReader }): AdmissionPlugin {
  return {
    name: "DefaultStorageClass",
    mutate({ definition, operation, subresource }, object) {
      if (definition.group !== "" || definition.resource !== "persistentvolumeclaims") return;
      if (operation !== "CREATE" || subresource !== "") return;
      const { spec } = object as KubeObject & PersistentVolumeClaim;
      if (!spec || spec.storageClassName !== undefined || object.metadata.annotations?.[BETA_CLASS] !== undefined) return;
      const found = newestDefault(store, "storageclasses", IS_DEFAULT);
      if (found) spec.storageClassName = found;
    },
  };
}
