import { controllerOf, type KubeObject } from "@flotilla/api";

/** Objects by the uid of their controller; "" for those without one. */
export const controllerIndex = {
  controller: (object: { metadata: object }): string[] => [controllerOf(object as KubeObject)?.uid ?? ""],
};

/** Pods by the node they are on; "" for those on none. */
export const nodeIndex = {
  node: (pod: { spec?: { nodeName?: string } }): string[] => [pod.spec?.nodeName ?? ""],
};
