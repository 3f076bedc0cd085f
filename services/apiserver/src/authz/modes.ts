import { FlagError } from "@flotilla/process";
import type { Store } from "../storage/store.ts";
import { type Authorizer, alwaysAllow, alwaysDeny, unionAuthorizer } from "./authorizer.ts";
import { NodeAuthorizer } from "./node.ts";
import { RbacAuthorizer } from "./rbac.ts";

const MODES: Record<string, (store: Store) => Authorizer> = {
  AlwaysAllow: () => alwaysAllow,
  AlwaysDeny: () => alwaysDeny,
  Node: (store) => new NodeAuthorizer(store),
  RBAC: (store) => new RbacAuthorizer(store),
};
/** Probes must be answered before any role has been read. */
const HEALTH_PATH = /^\/(healthz|livez|readyz)(\/|$)/;

/** @throws FlagError for a mode that does not exist. */
export function createAuthorizer(store: Store, modes: readonly string[]): Authorizer {
  const chosen = modes.map((mode) => {
    const make = MODES[mode];
    if (!make)
      throw new FlagError(
        `invalid argument ${JSON.stringify(mode)} for "--authorization-mode" flag: want ${Object.keys(MODES).join(", ")}`,
      );
    return make(store);
  });
  const union = unionAuthorizer(chosen);
  return {
    authorize: (a) => (!a.isResource && a.verb === "get" && HEALTH_PATH.test(a.path) ? { allowed: true, reason: "" } : union.authorize(a)),
    rulesFor: (user, namespace) => union.rulesFor(user, namespace),
  };
}
