import { BASELINE } from "./baseline.ts";
import type { Check, Finding, Subject } from "./check.ts";
import { type LevelVersion, minorOf } from "./policy.ts";
import { RESTRICTED } from "./restricted.ts";

/** Everything about the pod that the level forbids, baseline's findings first. Pure. */
export function findViolations(wanted: LevelVersion, subject: Subject): Finding[] {
  if (wanted.level === "privileged") return [];
  const minor = minorOf(wanted);
  const hold = (check: Check) => minor >= check.since;
  const stricter = wanted.level === "restricted" ? RESTRICTED.filter(hold) : [];
  const overridden = new Set(stricter.flatMap(({ overrides }) => overrides ?? []));
  return [...BASELINE.filter((check) => hold(check) && !overridden.has(check.id)), ...stricter]
    .map((check) => check.find(subject, minor))
    .filter((finding) => finding !== undefined);
}

/** `privileged (container "c" must not set …), host namespaces (hostNetwork=true)` */
export const detailsOf = (findings: readonly Finding[]): string =>
  findings.map(({ reason, detail }) => (detail === "" ? reason : `${reason} (${detail})`)).join(", ");

export const reasonsOf = (findings: readonly Finding[]): string => findings.map(({ reason }) => reason).join(", ");
