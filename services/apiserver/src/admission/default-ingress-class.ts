import type { Ingress, KubeObject } from "@flotilla/api";
import type { AdmissionPlugin } from "./admission.ts";
import type { CacheReader } from "./cached.ts";
import { newestDefault } from "./default-class.ts";

const IS_DEFAULT = ["ingressclass.kubernetes.io/is-default-class"];
const OLD_CLASS = "kubernetes.io/ingress.class";

/** An ingress that names no class gets the default one. */
export function defaultIngressClass({ store }: { store: CacheReader }): AdmissionPlugin {
  return {
    name: "DefaultIngressClass",
    mutate({ definition, operation, subresource }, object) {
      if (definition.group !== "networking.k8s.io" || definition.resource !== "ingresses") return;
      if (operation !== "CREATE" || subresource !== "") return;
      const ingress = object as KubeObject & Ingress;
      if (!ingress.spec || ingress.spec.ingressClassName !== undefined || object.metadata.annotations?.[OLD_CLASS] !== undefined) return;
      const found = newestDefault(store, "ingressclasses", IS_DEFAULT);
      if (found) ingress.spec.ingressClassName = found;
    },
  };
}
