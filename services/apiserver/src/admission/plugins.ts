import type { Store } from "../storage/store.ts";
import type { AdmissionPlugin } from "./admission.ts";
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from "./certificate-approval.ts";
import { persistentVolumeClaimResize } from "./claim-resize.ts";
import { defaultIngressClass } from "./default-ingress-class.ts";
import { defaultStorageClass } from "./default-storage-class.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { limitRanger } from "./limit-ranger.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeRestriction } from "./node-restriction.ts";
import {
  alwaysAdmit,
  alwaysDeny,
  alwaysPullImages,
  denyServiceExternalIPs,
  extendedResourceToleration,
  namespaceExists,
} from "./optional.ts";
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

/** @throws Error for a name that no plug-in has. */
export function chosenPlugins(ports: AdmissionPorts, enable: readonly string[], disable: readonly string[]): AdmissionPlugin[] {
  const all = PLUGINS.map(({ create, byDefault }) => ({ plugin: create(ports), byDefault }));
  for (const name of [...enable, ...disable]) {
    if (!all.some(({ plugin }) => plugin.name === name) && !ACCEPTED.has(name))
      throw new Error(`unknown admission plugin ${JSON.stringify(name)}`);
  }
  return all
    .filter(
      ({ plugin, byDefault }) => (byDefault || enable.includes(plugin.name)) && (ALWAYS.has(plugin.name) || !disable.includes(plugin.name)),
    )
    .map(({ plugin }) => plugin);
}

/** Part of what upstream does in its registry: not to be turned off. */
const ALWAYS = new Set(["RBACEscalation", "ExpressionCheck"]);

/** Upstream's default plug-in for a kind that is not served here. */
const ACCEPTED = new Set(["ClusterTrustBundleAttest"]);
