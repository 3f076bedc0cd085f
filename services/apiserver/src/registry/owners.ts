import { jsonEqual, type KubeObject } from "@flotilla/api";

/** An owner named twice is one owner: takes the repetitions out and warns of them, as upstream since 1.20. */
export function dedupOwners(object: KubeObject, warnings: string[], afterAdmission: boolean): void {
  const owners = object.metadata?.ownerReferences;
  if (owners === undefined || owners.length < 2) return;
  const repeated = new Set<string>();
  const once = owners.filter((owner, at) => {
    const before = owners.slice(0, at).some((other) => jsonEqual(other, owner));
    if (before) repeated.add(owner.uid);
    return !before;
  });
  if (repeated.size === 0) return;
  object.metadata.ownerReferences = once;
  const when = afterAdmission ? " after mutating admission happens" : "";
  warnings.push(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...repeated].join(", ")}`,
  );
}
