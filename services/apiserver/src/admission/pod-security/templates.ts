import type { KubeObject, PodSpec } from "@flotilla/api";
import type { AdmissionAttributes } from "../admission.ts";
import type { Subject } from "./check.ts";

type Template = { metadata?: Subject["metadata"]; spec?: PodSpec };
interface Holder {
  template?: Template;
  spec?: { template?: Template; jobTemplate?: { spec?: { template?: Template } } };
}

const inSpec = (object: Holder): Template | undefined => object.spec?.template;

/** Where each kind that makes pods keeps their template. */
const TEMPLATES: Record<string, (object: Holder) => Template | undefined> = {
  "/replicationcontrollers": inSpec,
  "/podtemplates": (object) => object.template,
  "apps/replicasets": inSpec,
  "apps/deployments": inSpec,
  "apps/statefulsets": inSpec,
  "apps/daemonsets": inSpec,
  "batch/jobs": inSpec,
  "batch/cronjobs": (object) => object.spec?.jobTemplate?.spec?.template,
};

/** Whether such objects make pods. */
export const makesPods = ({ definition }: AdmissionAttributes): boolean => `${definition.group}/${definition.resource}` in TEMPLATES;

/** The pod that an object of a workload kind asks for; undefined when it has no template. */
export function templateOf({ definition }: AdmissionAttributes, object: KubeObject): Subject | undefined {
  const template = TEMPLATES[`${definition.group}/${definition.resource}`]?.(object as Holder);
  return template?.spec ? { metadata: template.metadata ?? {}, spec: template.spec } : undefined;
}
