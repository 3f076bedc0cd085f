/** A FlowSchema's only condition: whether the priority level that it names exists (apf_controller.go). Pure. */
export interface Condition {
  type?: string;
  status?: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export function danglingOf(level: string, exists: boolean): Condition {
  const references = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
  return exists
    ? { type: "Dangling", status: "False", reason: "Found", message: `${references} and it exists` }
    : { type: "Dangling", status: "True", reason: "NotFound", message: `${references} but there is no such object` };
}

/** The conditions with `wanted` among them; undefined: they say so already. */
export function withCondition(conditions: readonly Condition[], wanted: Condition, now: string): Condition[] | undefined {
  const known = conditions.find(({ type }) => type === wanted.type);
  if (known && known.status === wanted.status && known.reason === wanted.reason && known.message === wanted.message) return undefined;
  return [...conditions.filter((one) => one !== known), { ...wanted, lastTransitionTime: now }];
}
