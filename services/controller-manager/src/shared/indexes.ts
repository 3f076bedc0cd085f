import { controllerOf, type KubeObject } from "@flotilla/api";

/** Objects by the uid of their controller; "" for those without one. */
export const controllerIndex = {
  controller: (object: { metadata: object }): string[] => [controllerOf(object as KubeObject)?.uid ?? ""],
};
