import type { User } from "../request/call.ts";

/** What is asked for; the attributes of upstream's authorizer. */
export interface Attributes {
  user: User;
  verb: string;
  /** For resources. */
  group: string;
  version: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  /** For other requests; "" otherwise. */
  path: string;
  isResource: boolean;
  /** Of list, watch and deletecollection, as it was asked. */
  fieldSelector?: string | undefined;
}

export type Decision = { allowed: true; reason: string } | { allowed: false; denied: boolean; reason: string };

export interface PolicyRule {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

export interface Authorizer {
  authorize(attributes: Attributes): Decision;
  /** All rules that hold for a user in a namespace: SelfSubjectRulesReview, escalation checks. */
  rulesFor(user: User, namespace: string): PolicyRule[];
}

export const NO_OPINION: Decision = { allowed: false, denied: false, reason: "" };
export const PRIVILEGED_GROUP = "system:masters";

/** Asks one mode after the other (--authorization-mode); the first that allows or denies decides. */
export function unionAuthorizer(modes: readonly Authorizer[]): Authorizer {
  return {
    authorize(attributes) {
      if (attributes.user.groups.includes(PRIVILEGED_GROUP)) return { allowed: true, reason: "" };
      const reasons: string[] = [];
      for (const mode of modes) {
        const decision = mode.authorize(attributes);
        if (decision.allowed || decision.denied) return decision;
        if (decision.reason !== "") reasons.push(decision.reason);
      }
      return { allowed: false, denied: false, reason: reasons.join("\n") };
    },
    rulesFor(user, namespace) {
      const rules = modes.flatMap((mode) => mode.rulesFor(user, namespace));
      if (!user.groups.includes(PRIVILEGED_GROUP)) return rules;
      // cluster-admin, which is bound to the group, says the same once more.
      return [...ALL_RULES, ...rules.filter(({ resources, nonResourceURLs }) => !(resources ?? nonResourceURLs ?? []).includes("*"))];
    },
  };
}

const ALL_RULES: PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

export const alwaysAllow: Authorizer = {
  authorize: () => ({ allowed: true, reason: "" }),
  rulesFor: () => ALL_RULES,
};

export const alwaysDeny: Authorizer = {
  authorize: () => ({ allowed: false, denied: false, reason: "Everything is forbidden." }),
  rulesFor: () => [],
};
