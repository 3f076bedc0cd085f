/** Kubernetes' CEL library "authz": expressions may ask what the caller is allowed to do (KEP-3488). */
import { type Library, method, Opaque } from "@flotilla/cel";
import type { Attributes, Authorizer, Decision } from "../../authz/authorizer.ts";
import type { User } from "../../request/call.ts";

const NAMESPACE = "kubernetes.authorization";
export const AUTHORIZER_TYPE = `${NAMESPACE}.Authorizer`;
export const RESOURCE_CHECK_TYPE = `${NAMESPACE}.ResourceCheck`;
/** A check walks roles and bindings: far more than a node of an expression (upstream charges as much). */
const CHECK_COST = 350_000;

/** Each value is the next step on the way to a decision; none of them ever changes. */
abstract class Step extends Opaque {
  override equals(other: Opaque): boolean {
    return this === other;
  }
}

export class AuthorizerValue extends Step {
  override readonly typeName = AUTHORIZER_TYPE;
  readonly authorizer: Authorizer;
  readonly user: User;

  constructor(authorizer: Authorizer, user: User) {
    super();
    this.authorizer = authorizer;
    this.user = user;
  }
}

class PathCheck extends Step {
  override readonly typeName = `${NAMESPACE}.PathCheck`;
  readonly from: AuthorizerValue;
  readonly path: string;

  constructor(from: AuthorizerValue, path: string) {
    super();
    this.from = from;
    this.path = path;
  }
}

class GroupCheck extends Step {
  override readonly typeName = `${NAMESPACE}.GroupCheck`;
  readonly from: AuthorizerValue;
  readonly group: string;

  constructor(from: AuthorizerValue, group: string) {
    super();
    this.from = from;
    this.group = group;
  }
}

type Target = Partial<Pick<Attributes, "group" | "version" | "resource" | "subresource" | "namespace" | "name">>;

export class ResourceCheck extends Step {
  override readonly typeName = RESOURCE_CHECK_TYPE;
  readonly from: AuthorizerValue;
  readonly target: Target;

  constructor(from: AuthorizerValue, target: Target) {
    super();
    this.from = from;
    this.target = target;
  }

  with(more: Target): ResourceCheck {
    return new ResourceCheck(this.from, { ...this.target, ...more });
  }
}

class DecisionValue extends Step {
  override readonly typeName = `${NAMESPACE}.Decision`;
  readonly decision: Decision;

  constructor(decision: Decision) {
    super();
    this.decision = decision;
  }
}

function ask({ authorizer, user }: AuthorizerValue, verb: string, what: Target & { path?: string }): DecisionValue {
  const { group = "", version = "*", resource = "", subresource = "", namespace = "", name = "", path = "" } = what;
  const isResource = what.path === undefined;
  return new DecisionValue(authorizer.authorize({ user, verb, group, version, resource, subresource, namespace, name, path, isResource }));
}

const A = AUTHORIZER_TYPE;
const R = RESOURCE_CHECK_TYPE;

export const AUTHORIZER_LIBRARY: Library = [
  method("path", `${A}, string -> ${NAMESPACE}.PathCheck`, ([from, path]) => new PathCheck(from, path)),
  method("group", `${A}, string -> ${NAMESPACE}.GroupCheck`, ([from, group]) => new GroupCheck(from, group)),
  method("serviceAccount", `${A}, string, string -> ${A}`, ([from, namespace, name]) => {
    const user = {
      name: `system:serviceaccount:${namespace}:${name}`,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
    };
    return new AuthorizerValue((from as AuthorizerValue).authorizer, user);
  }),
  method("resource", `${NAMESPACE}.GroupCheck, string -> ${R}`, ([check, resource]) => {
    const { from, group } = check as GroupCheck;
    return new ResourceCheck(from, { group, resource });
  }),
  method("subresource", `${R}, string -> ${R}`, ([check, subresource]) => (check as ResourceCheck).with({ subresource })),
  method("namespace", `${R}, string -> ${R}`, ([check, namespace]) => (check as ResourceCheck).with({ namespace })),
  method("name", `${R}, string -> ${R}`, ([check, name]) => (check as ResourceCheck).with({ name })),
  method("check", `${NAMESPACE}.PathCheck, string -> ${NAMESPACE}.Decision`, ([check, verb], evaluation) => {
    evaluation.charge(CHECK_COST);
    const { from, path } = check as PathCheck;
    return ask(from, verb, { path });
  }),
  method("check", `${R}, string -> ${NAMESPACE}.Decision`, ([check, verb], evaluation) => {
    evaluation.charge(CHECK_COST);
    const { from, target } = check as ResourceCheck;
    return ask(from, verb, target);
  }),
  method("allowed", `${NAMESPACE}.Decision -> bool`, ([{ decision }]) => decision.allowed),
  method("reason", `${NAMESPACE}.Decision -> string`, ([{ decision }]) => decision.reason),
  method("errored", `${NAMESPACE}.Decision -> bool`, () => false),
  method("error", `${NAMESPACE}.Decision -> string`, () => ""),
];
