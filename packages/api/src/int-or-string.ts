/** IntOrString: a JSON number or a string, "25%" or a port's name. */
export type IntOrString = number | string;

const PERCENT = /^[0-9]+%$/;

export function isPercent(value: IntOrString): value is string {
  return typeof value === "string" && PERCENT.test(value);
}

/**
 * A number as it is; a percentage of `total`, rounded up or down. Throws on other strings
 * (validation has refused them before they get here).
 */
export function scaledValue(value: IntOrString, total: number, round: "up" | "down"): number {
  if (typeof value === "number") return value;
  if (!PERCENT.test(value)) throw new Error("invalid value for IntOrString: invalid type: string is not a percentage");
  const exact = (Number.parseInt(value, 10) * total) / 100;
  return round === "up" ? Math.ceil(exact) : Math.floor(exact);
}

/**
 * maxSurge and maxUnavailable of a rolling update as numbers of pods: surge rounds up, unavailable down,
 * and both never resolve to zero at once (upstream: deployment util ResolveFenceposts).
 */
export function resolveFenceposts(
  maxSurge: IntOrString | undefined,
  maxUnavailable: IntOrString | undefined,
  desired: number,
): { surge: number; unavailable: number } {
  const surge = scaledValue(maxSurge ?? 0, desired, "up");
  const unavailable = scaledValue(maxUnavailable ?? 0, desired, "down");
  return surge === 0 && unavailable === 0 ? { surge: 0, unavailable: 1 } : { surge, unavailable };
}
