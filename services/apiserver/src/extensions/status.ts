/** What a CustomResourceDefinition's status must say, decided from all of them (apiextensions-apiserver/pkg/controller/status). */
import { type CustomResourceDefinition, formatTime, jsonEqual } from "@flotilla/api";

type Names = CustomResourceDefinition["spec"]["names"];
type Condition = { type: string; status: string; lastTransitionTime?: string; reason?: string; message?: string };
type Status = NonNullable<CustomResourceDefinition["status"]>;

const APPROVAL_ANNOTATION = "api-approved.kubernetes.io";
const PROTECTED_GROUP = /(^|\.)(k8s\.io|kubernetes\.io)$/;

/** The status to write; undefined when it says so already. `others` are the group's other definitions. */
export function nextStatus(crd: CustomResourceDefinition, others: readonly CustomResourceDefinition[], now_ms: number): Status | undefined {
  const before = crd.status ?? ({} as Status);
  const { names, conflict } = acceptedNames(crd, others);
  let conditions = (before.conditions ?? []) as Condition[];
  const set = (condition: Condition) => (conditions = withCondition(conditions, condition, now_ms));
  set(conflict ?? { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" });
  if (!isTrue(conditions, "Established")) {
    set(
      conflict
        ? { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" }
        : { type: "Established", status: "True", reason: "InitialNamesAccepted", message: "the initial names have been accepted" },
    );
  }
  const approval = approvalCondition(crd);
  if (approval) set(approval);
  const status = { ...before, acceptedNames: names, conditions, storedVersions: before.storedVersions ?? [] } as Status;
  return jsonEqual(status, before) ? undefined : status;
}

export const isEstablished = (crd: CustomResourceDefinition): boolean =>
  isTrue((crd.status?.conditions ?? []) as Condition[], "Established");
export const isTerminating = (crd: CustomResourceDefinition): boolean => crd.metadata.deletionTimestamp !== undefined;

const isTrue = (conditions: readonly Condition[], type: string): boolean =>
  conditions.some((condition) => condition.type === type && condition.status === "True");

/** Times move only when the status does. */
export function withCondition(conditions: readonly Condition[], next: Condition, now_ms: number): Condition[] {
  const present = conditions.find(({ type }) => type === next.type);
  const same = present?.status === next.status;
  const condition = { ...next, lastTransitionTime: same ? present!.lastTransitionTime! : formatTime(now_ms) };
  if (!present) return [...conditions, ordered(condition)];
  return conditions.map((each) => (each === present ? ordered(condition) : each));
}

const ordered = ({ lastTransitionTime, message, reason, status, type }: Condition): Condition => ({
  ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
  ...(message === undefined ? {} : { message }),
  ...(reason === undefined ? {} : { reason }),
  status,
  type,
});

/** Each wanted name that no other definition of the group holds; the first that is held makes the condition. */
function acceptedNames(
  crd: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
): { names: Names; conflict: Condition | undefined } {
  const wanted = crd.spec.names;
  const held = (crd.status?.acceptedNames ?? {}) as Partial<Names>;
  const taken = takenNames(others);
  let conflict: Condition | undefined;
  const refuse = (reason: string, message: string) => (conflict ??= { type: "NamesAccepted", status: "False", reason, message });
  const one = (name: "plural" | "singular", reason: string): string => {
    const value = wanted[name] ?? "";
    if (value === "" || !taken.resources.has(value)) return value;
    refuse(reason, `${JSON.stringify(value)} is already in use`);
    return held[name] ?? "";
  };
  const kind = (name: "kind" | "listKind", reason: string): string => {
    const value = wanted[name] ?? "";
    if (value === "" || !taken.kinds.has(value)) return value;
    refuse(reason, `${JSON.stringify(value)} is already in use`);
    return held[name] ?? "";
  };
  const plural = one("plural", "PluralConflict");
  const singular = one("singular", "SingularConflict");
  const busy = (wanted.shortNames ?? []).filter((name) => taken.resources.has(name));
  if (busy.length > 0) refuse("ShortNamesConflict", busy.map((name) => `${JSON.stringify(name)} is already in use`).join(", "));
  const shortNames = busy.length > 0 ? held.shortNames : wanted.shortNames;
  const names = {
    ...(wanted.categories ? { categories: wanted.categories } : {}),
    kind: kind("kind", "KindConflict"),
    listKind: kind("listKind", "ListKindConflict"),
    plural,
    ...(shortNames ? { shortNames } : {}),
    singular,
  };
  return { names, conflict };
}

function takenNames(others: readonly CustomResourceDefinition[]): { resources: Set<string>; kinds: Set<string> } {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { status } of others) {
    const names = status?.acceptedNames as Partial<Names> | undefined;
    for (const name of [names?.plural, names?.singular, ...(names?.shortNames ?? [])]) if (name) resources.add(name);
    for (const name of [names?.kind, names?.listKind]) if (name) kinds.add(name);
  }
  return { resources, kinds };
}

/** KEP-1111: groups of the community need its approval. */
function approvalCondition({ spec, metadata }: CustomResourceDefinition): Condition | undefined {
  if (!PROTECTED_GROUP.test(spec.group)) return undefined;
  const type = "KubernetesAPIApprovalPolicyConformant";
  const value = metadata.annotations?.[APPROVAL_ANNOTATION] ?? "";
  const text = `protected groups must have approval annotation ${JSON.stringify(APPROVAL_ANNOTATION)}`;
  const shown = `${JSON.stringify(APPROVAL_ANNOTATION)}: ${JSON.stringify(value)}`;
  if (value === "") {
    return {
      type,
      status: "False",
      reason: "MissingAnnotation",
      message: `${text}, see https://github.com/kubernetes/enhancements/pull/1111`,
    };
  }
  if (value.startsWith("unapproved")) return { type, status: "False", reason: "UnapprovedAnnotation", message: `not approved: ${shown}` };
  return { type, status: "True", reason: "ApprovedAnnotation", message: `approved in ${value}` };
}
