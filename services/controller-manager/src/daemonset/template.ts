import { type DaemonSet, DaemonSets, type Pod, type PodTemplateSpec } from "@flotilla/api";
import { controllerRef, templateHash } from "@flotilla/controller";
import { podFromTemplate } from "../shared/pod-control.ts";

export const HASH_LABEL = "controller-revision-hash";
const GENERATION_LABEL = "pod-template-generation";
const GENERATION_ANNOTATION = "deprecated.daemonset.template.generation";
const PREFIX = "node.kubernetes.io/";

/** A daemon serves its node also while that node is in trouble. */
function daemonTolerations(hostNetwork: boolean) {
  const exists = (key: string, effect: string) => ({ key: PREFIX + key, operator: "Exists", effect });
  return [
    exists("not-ready", "NoExecute"),
    exists("unreachable", "NoExecute"),
    exists("disk-pressure", "NoSchedule"),
    exists("memory-pressure", "NoSchedule"),
    exists("pid-pressure", "NoSchedule"),
    exists("unschedulable", "NoSchedule"),
    ...(hostNetwork ? [exists("network-unavailable", "NoSchedule")] : []),
  ];
}

/** The template with what every daemon pod gets, wherever it runs. */
export function daemonTemplate(set: DaemonSet): PodTemplateSpec {
  const template = set.spec!.template;
  const generation = set.metadata.annotations?.[GENERATION_ANNOTATION];
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hashOf(set), ...(generation ? { [GENERATION_LABEL]: generation } : {}) };
  const own = template.spec?.tolerations ?? [];
  const added = daemonTolerations(template.spec?.hostNetwork === true).filter(
    (t) => !own.some((o) => o.key === t.key && o.effect === t.effect && o.operator === t.operator),
  );
  return { ...template, metadata: { ...template.metadata, labels }, spec: { ...template.spec!, tolerations: [...own, ...added] } };
}

/** Which version of the template a pod was made from. */
export function hashOf(set: DaemonSet): string {
  return templateHash(set.spec!.template, set.status?.collisionCount ?? 0);
}

/** A pod that only this node can take: the scheduler decides, but has one choice. */
export function daemonPod(set: DaemonSet, node: string): Pod {
  const pod = podFromTemplate(daemonTemplate(set), set.metadata, controllerRef(DaemonSets, set));
  const affinity = pod.spec!.affinity ?? {};
  const required = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const matchFields = [{ key: "metadata.name", operator: "In", values: [node] }];
  const terms = required ? required.nodeSelectorTerms.map((term) => ({ ...term, matchFields })) : [{ matchFields }];
  const nodeAffinity = { ...affinity.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } };
  return { ...pod, spec: { ...pod.spec!, affinity: { ...affinity, nodeAffinity } } };
}

/** The node a daemon pod is on, or is meant for. */
export function targetNode(pod: Pod): string | undefined {
  if (pod.spec?.nodeName) return pod.spec.nodeName;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const term of required?.nodeSelectorTerms ?? []) {
    const field = term.matchFields?.find((f) => f.key === "metadata.name" && f.operator === "In");
    if (field?.values?.length === 1) return field.values[0];
  }
  return undefined;
}
