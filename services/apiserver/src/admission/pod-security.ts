import { invalidError, type KubeObject, type Namespace, type Pod } from "@flotilla/api";
import { forbidden } from "../request/errors.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts";
import { type CacheReader, cachedNamespace, cachedObjects } from "./cached.ts";
import type { Finding, Subject } from "./pod-security/check.ts";
import { detailsOf, findViolations, reasonsOf } from "./pod-security/evaluate.ts";
import { LEVELS, type LevelVersion, type Policy, policyOf, sameLevel, showLevel } from "./pod-security/policy.ts";
import { makesPods, templateOf } from "./pod-security/templates.ts";

/** Subresources of pods that leave their spec alone. */
const HARMLESS = new Set(["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"]);
/** So many pods are looked at when a namespace gets stricter. */
const CHECKED_PODS_MAX = 3_000;
const AUDIT = "pod-security.kubernetes.io/";

/**
 * The Pod Security Standards by labels of the namespace (KEP-2579): `enforce` refuses pods, `warn` and `audit`
 * speak up, also about workloads whose pods would be refused.
 */
export function podSecurity({ store }: { store: CacheReader }): AdmissionPlugin {
  return {
    name: "PodSecurity",
    validate(attributes, object, old) {
      const { definition, operation, subresource, namespace } = attributes;
      if (!object || (operation !== "CREATE" && operation !== "UPDATE")) return;
      const core = definition.group === "";
      if (core && definition.resource === "namespaces") {
        if (subresource === "") checkNamespace(store, attributes, object as unknown as Namespace, old as unknown as Namespace | undefined);
        return;
      }
      const isPodWrite = core && definition.resource === "pods" && !HARMLESS.has(subresource);
      if (!isPodWrite && (subresource !== "" || !makesPods(attributes))) return;
      const { policy } = policyOf(cachedNamespace(store, namespace)?.metadata.labels);
      if (isPodWrite) {
        const pod = object as unknown as Pod;
        if (old && !significant(pod, old as unknown as Pod)) return;
        judge(attributes, policy, pod as Subject, true);
      } else {
        const template = templateOf(attributes, object);
        if (template) judge(attributes, policy, template, false);
      }
    },
  };
}

/** @throws ApiError Forbidden when `enforced` and the pod breaks the enforced level. */
function judge(attributes: AdmissionAttributes, policy: Policy, subject: Subject, enforced: boolean): void {
  const { enforce, audit, warn } = policy;
  if ([enforce, audit, warn].every(({ level }) => level === "privileged")) return;
  const known = new Map<string, Finding[]>();
  const findings = (wanted: LevelVersion): Finding[] => {
    const key = showLevel(wanted);
    let found = known.get(key);
    if (!found) known.set(key, (found = findViolations(wanted, subject)));
    return found;
  };
  const violates = (wanted: LevelVersion) => `PodSecurity ${JSON.stringify(showLevel(wanted))}: ${detailsOf(findings(wanted))}`;
  const { annotations } = attributes;
  if (annotations && enforced) annotations[`${AUDIT}enforce-policy`] = showLevel(enforce);
  if (annotations && findings(audit).length > 0) annotations[`${AUDIT}audit-violations`] = `would violate ${violates(audit)}`;
  if (enforced && findings(enforce).length > 0) throw forbidden(attributes.definition, attributes.name, `violates ${violates(enforce)}`);
  if (findings(warn).length > 0) attributes.warnings.push(`would violate ${violates(warn)}`);
}

/** Only a few fields of a pod can change at all; of these, images and debugging containers count. */
function significant(pod: Pod, old: Pod): boolean {
  const view = ({ metadata, spec }: Pod) => {
    const profiles = Object.entries(metadata.annotations ?? {}).filter(([key]) =>
      /^(container\.)?(seccomp|apparmor)\.security\./.test(key),
    );
    const images = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ image }) => image);
    return JSON.stringify([profiles.sort(), images, spec?.ephemeralContainers ?? []]);
  };
  return view(pod) !== view(old);
}

function checkNamespace(store: CacheReader, attributes: AdmissionAttributes, namespace: Namespace, old: Namespace | undefined): void {
  const { policy, errors } = policyOf(namespace.metadata.labels);
  const before = old && policyOf(old.metadata.labels);
  const texts = (list: typeof errors) => list.list.map(({ field, message }) => field + message).join();
  if (!errors.empty && (!before || texts(errors) !== texts(before.errors))) {
    throw invalidError("", "Namespace", attributes.name, errors);
  }
  if (!before) return;
  const [now, then] = [policy.enforce, before.policy.enforce];
  const relaxed = now.minor === then.minor && LEVELS.indexOf(now.level) <= LEVELS.indexOf(then.level);
  if (sameLevel(now, then) || now.level === "privileged" || relaxed) return;
  attributes.warnings.push(...existingViolations(store, attributes.name, now));
}

/** What the stricter level would say of the pods that are there: pods with the same faults share a line. */
function existingViolations(store: CacheReader, namespace: string, level: LevelVersion): string[] {
  const byReason = new Map<string, string[]>();
  for (const pod of cachedObjects<Pod & KubeObject>(store, "pods", namespace).slice(0, CHECKED_PODS_MAX)) {
    const findings = findViolations(level, pod as Subject);
    if (findings.length === 0) continue;
    const reasons = reasonsOf(findings);
    byReason.set(reasons, [...(byReason.get(reasons) ?? []), pod.metadata.name!]);
  }
  if (byReason.size === 0) return [];
  const lines = [...byReason].map(([reasons, [first, ...others]]) => {
    const more = others.length === 0 ? "" : ` (and ${others.length} other ${others.length === 1 ? "pod" : "pods"})`;
    return `${first}${more}: ${reasons}`;
  });
  const head = `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(showLevel(level))}`;
  return [head, ...lines.sort()];
}
