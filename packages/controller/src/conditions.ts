import { rfc3339 } from "@flotilla/base";

export interface StatusCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastUpdateTime?: string;
}

/** Conditions with one set: unchanged status and reason keep the old entry, unchanged status its transition time. */
export function withCondition<C extends StatusCondition>(conditions: readonly C[], next: C, now_ms: number): C[] {
  const old = conditions.find((c) => c.type === next.type);
  if (old && old.status === next.status && old.reason === next.reason) return [...conditions];
  const lastTransitionTime = old?.status === next.status ? old.lastTransitionTime : rfc3339(now_ms);
  const set = { ...next, lastTransitionTime };
  return [...conditions.filter((c) => c.type !== next.type), set];
}

export function withoutCondition<C extends StatusCondition>(conditions: readonly C[], type: string): C[] {
  return conditions.filter((c) => c.type !== type);
}
