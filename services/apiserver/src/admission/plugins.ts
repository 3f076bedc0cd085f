import { FlagError } from "@flotilla/process";
import type { Store } from "../storage/store.ts";
import type { AdmissionPlugin } from "./admission.ts";
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from "./certificate-approval.ts";
import { persistentVolumeClaimResize } from "./claim-resize.ts";
import { defaultIngressClass } from "./default-ingress-class.ts";
import { defaultStorageClass } from "./default-storage-class.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { aggregate, limitRanger } from "./limit-ranger.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeRestriction } from "./node-restriction.ts";
import {
  alwaysAdmit,
  alwaysDeny,
  alwaysPullImages,
  denyServiceExternalIPs,
  extendedResourceToleration,
  limitPodHardAntiAffinityTopology,
  namespaceExists,
} from "./optional.ts";
import { ownerReferencesPermission } from "./owner-references.ts";
import { podSecurity } from "./pod-security.ts";
import { validatingAdmissionPolicies } from "./policy/validating-admission-policy.ts";
import { priority } from "./priority.ts";
import { rbacEscalation } from "./rbac-escalation.ts";
import { resourceQuota } from "./resource-quota.ts";
import { runtimeClass } from "./runtime-class.ts";
import { serviceAccount } from "./service-account.ts";
import { storageObjectInUseProtection } from "./storage-in-use.ts";
import { taintNodesByCondition } from "./taint-nodes-by-condition.ts";
import type { WebhookPorts } from "./webhook/consult.ts";
import { mutatingWebhooks } from "./webhook/mutating.ts";
import { validatingWebhooks } from "./webhook/validating.ts";

export interface AdmissionPorts extends WebhookPorts {
  store: Store;
  tolerations: { notReady_seconds: number; unreachable_seconds: number };
}

interface Registered {
  create(ports: AdmissionPorts): AdmissionPlugin;
  byDefault: boolean;
}

/** Every plug-in, in the order in which they run (upstream's). What counts usage comes last: nothing may refuse after it. */
const PLUGINS: readonly Registered[] = [
  { create: alwaysAdmit, byDefault: false },
  { create: namespaceLifecycle, byDefault: true },
  { create: namespaceExists, byDefault: false },
  { create: limitPodHardAntiAffinityTopology, byDefault: false },
  { create: limitRanger, byDefault: true },
  { create: serviceAccount, byDefault: true },
  { create: nodeRestriction, byDefault: false },
  { create: taintNodesByCondition, byDefault: true },
  { create: alwaysPullImages, byDefault: false },
  { create: podSecurity, byDefault: true },
  { create: priority, byDefault: true },
  { create: defaultTolerationSeconds, byDefault: true },
  { create: extendedResourceToleration, byDefault: false },
  { create: defaultStorageClass, byDefault: true },
  { create: storageObjectInUseProtection, byDefault: true },
  { create: ownerReferencesPermission, byDefault: false },
  { create: persistentVolumeClaimResize, byDefault: true },
  { create: runtimeClass, byDefault: true },
  { create: certificateApproval, byDefault: true },
  { create: certificateSigning, byDefault: true },
  { create: certificateSubjectRestriction, byDefault: true },
  { create: defaultIngressClass, byDefault: true },
  { create: denyServiceExternalIPs, byDefault: false },
  { create: rbacEscalation, byDefault: true },
  { create: mutatingWebhooks, byDefault: true },
  { create: validatingAdmissionPolicies, byDefault: true },
  { create: validatingWebhooks, byDefault: true },
  { create: resourceQuota, byDefault: true },
  { create: alwaysDeny, byDefault: false },
];

/** Part of what upstream does in its registry: not to be named, nor turned off. */
const ALWAYS = new Set(["RBACEscalation"]);
/** On by default, for a kind that is not served here: there is nothing to do. */
const NOTHING_TO_DO = "ClusterTrustBundleAttest";
/** Upstream's that are not here: to ask for one must not go unnoticed, to turn it off changes nothing. */
const MISSING = new Set(["EventRateLimit", "ImagePolicyWebhook", "NamespaceAutoProvision", "PodNodeSelector", "PodTolerationRestriction"]);

/** @throws FlagError in upstream's words for a name that no plug-in has, or that is both turned on and off. */
export function chosenPlugins(ports: AdmissionPorts, enable: readonly string[], disable: readonly string[]): AdmissionPlugin[] {
  const all = PLUGINS.map(({ create, byDefault }) => ({ plugin: create(ports), byDefault }));
  const names = new Set([...all.map(({ plugin }) => plugin.name), NOTHING_TO_DO].filter((name) => !ALWAYS.has(name)));
  const errors = [
    ...enable.filter((name) => MISSING.has(name)).map((name) => `enable-admission-plugins plugin ${JSON.stringify(name)} is not available`),
    ...unknown("enable", enable, names),
    ...unknown("disable", disable, names),
  ];
  const both = [...new Set(enable)].filter((name) => disable.includes(name)).sort();
  if (both.length > 0) errors.push(`[${both.join(" ")}] in enable-admission-plugins and disable-admission-plugins overlapped`);
  if (errors.length > 0) throw new FlagError(aggregate(errors));
  return all
    .filter(({ plugin, byDefault }) => (byDefault || enable.includes(plugin.name)) && !disable.includes(plugin.name))
    .map(({ plugin }) => plugin);
}

const unknown = (flag: string, given: readonly string[], names: ReadonlySet<string>): string[] =>
  given
    .filter((name) => !names.has(name) && !MISSING.has(name))
    .map((name) => `${flag}-admission-plugins plugin ${JSON.stringify(name)} is unknown`);
