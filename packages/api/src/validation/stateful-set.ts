/** StatefulSets (upstream: pkg/apis/apps/validation). */
import type { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import type { StatefulSet } from "../types.ts";
import { nonNegative, optionalOneOf } from "./common.ts";
import { validateSelectorAndTemplate } from "./workload.ts";

type Spec = NonNullable<StatefulSet["spec"]>;

const RETENTION = ["Delete", "Retain"];
const MUTABLE = ["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit"] as const;
const MUTABLE_LAST = ["persistentVolumeClaimRetentionPolicy", "minReadySeconds"] as const;

export function validateStatefulSet({ spec }: StatefulSet, errors: FieldErrors): void {
  const given: Partial<Spec> = spec ?? {};
  validateManagement(given.podManagementPolicy, errors);
  validateStrategy(given.updateStrategy, errors);
  const { whenDeleted, whenScaled } = given.persistentVolumeClaimRetentionPolicy ?? {};
  optionalOneOf("spec.persistentVolumeClaimRetentionPolicy.whenDeleted", whenDeleted, RETENTION, errors);
  optionalOneOf("spec.persistentVolumeClaimRetentionPolicy.whenScaled", whenScaled, RETENTION, errors);
  nonNegative("spec.replicas", given.replicas, errors);
  nonNegative("spec.ordinals.start", given.ordinals?.start, errors);
  nonNegative("spec.minReadySeconds", given.minReadySeconds, errors);
  const template = withClaims(given);
  validateSelectorAndTemplate("statefulset", "StatefulSet", { ...given, replicas: 0, ...(template ? { template } : {}) }, errors);
}

/** The template as its pods will be: each claim template is a volume of that name, in place of one of the template's own. */
function withClaims({ template, volumeClaimTemplates }: Partial<Spec>): Spec["template"] | undefined {
  const claims = (volumeClaimTemplates ?? []).flatMap(({ metadata }) => metadata?.name ?? []);
  if (!template?.spec || claims.length === 0) return template;
  const own = (template.spec.volumes ?? []).filter(({ name }) => !claims.includes(name));
  const claimed = claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template.spec, volumes: [...own, ...claimed] } };
}

function validateManagement(policy: string | undefined, errors: FieldErrors): void {
  if (!policy) errors.required("spec.podManagementPolicy");
  else if (policy !== "OrderedReady" && policy !== "Parallel") {
    errors.invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'");
  }
}

function validateStrategy(strategy: Spec["updateStrategy"], errors: FieldErrors): void {
  const { type, rollingUpdate } = strategy ?? {};
  if (!type) errors.required("spec.updateStrategy");
  else if (type === "OnDelete") {
    if (rollingUpdate)
      errors.invalid("spec.updateStrategy.rollingUpdate", rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'");
  } else if (type === "RollingUpdate") nonNegative("spec.updateStrategy.rollingUpdate.partition", rollingUpdate?.partition, errors);
  else errors.invalid("spec.updateStrategy", strategy, "must be 'RollingUpdate' or 'OnDelete'");
}

export function validateStatefulSetUpdate(set: StatefulSet, old: StatefulSet, errors: FieldErrors): void {
  const restored = { ...set.spec };
  const all = [...MUTABLE, ...MUTABLE_LAST];
  for (const field of all) Object.assign(restored, { [field]: old.spec?.[field] });
  if (jsonEqual(restored, old.spec)) return;
  const names = `${all
    .slice(0, -1)
    .map((name) => `'${name}'`)
    .join(", ")} and '${all.at(-1)}'`;
  errors.forbidden("spec", `updates to statefulset spec for fields other than ${names} are forbidden`);
}

const COUNTS = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"] as const;

export function validateStatefulSetStatus({ status }: StatefulSet, old: StatefulSet, errors: FieldErrors): void {
  const replicas = status?.replicas ?? 0;
  for (const name of ["replicas", ...COUNTS, "observedGeneration", "collisionCount"] as const) {
    nonNegative(`status.${name}`, status?.[name], errors);
  }
  for (const name of COUNTS) {
    if ((status?.[name] ?? 0) > replicas) errors.invalid(`status.${name}`, status?.[name], "cannot be greater than status.replicas");
  }
  if ((status?.availableReplicas ?? 0) > (status?.readyReplicas ?? 0)) {
    errors.invalid("status.availableReplicas", status?.availableReplicas, "cannot be greater than status.readyReplicas");
  }
  if ((status?.collisionCount ?? 0) < (old.status?.collisionCount ?? 0)) {
    errors.invalid("status.collisionCount", status?.collisionCount ?? 0, "cannot be decremented");
  }
}
