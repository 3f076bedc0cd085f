import { FlagError } from "@flotilla/process";
import type { Store } from "../storage/store.ts";
import { type Authorizer, alwaysAllow, alwaysDeny, unionAuthorizer } from "./authorizer.ts";
import { NodeAuthorizer } from "./node.ts";
import { RbacAuthorizer } from "./rbac.ts";

const MODES = new Map<string, (store: Store) => Authorizer>(
  Object.entries({
    AlwaysAllow: () => alwaysAllow,
    AlwaysDeny: () => alwaysDeny,
    Node: (store) => new NodeAuthorizer(store),
    RBAC: (store) => new RbacAuthorizer(store),
  }),
);
/** Probes must be answered before any role has been read; what is below these paths, roles decide. */
const HEALTH_PATHS = new Set(["/healthz", "/livez", "/readyz"]);

/** @throws FlagError for a mode that does not exist. */
export function createAuthorizer(store: Store, modes: readonly string[]): Authorizer {
  if (modes.length === 0) throw new FlagError("at least one authorization-mode must be passed");
  const chosen = modes.map((mode, index) => {
    const make = MODES.get(mode);
    if (!make) throw new FlagError(`authorization-mode ${JSON.stringify(mode)} is not a valid mode`);
    if (modes.indexOf(mode) < index) throw new FlagError(`authorization-mode ${JSON.stringify(mode)} has mode specified more than once`);
    return make(store);
  });
  const union = unionAuthorizer(chosen);
  return {
    authorize: (a) => (!a.isResource && a.verb === "get" && HEALTH_PATHS.has(a.path) ? { allowed: true, reason: "" } : union.authorize(a)),
    rulesFor: (user, namespace) => union.rulesFor(user, namespace),
  };
}
