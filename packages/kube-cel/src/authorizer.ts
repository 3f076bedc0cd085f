/** Kubernetes' CEL library "authz": expressions may ask what somebody is allowed to do (KEP-3488). */
import { type Library, method, Opaque, opaque } from "@flotilla/cel";

const NAMESPACE = "kubernetes.authorization";
/** A check walks roles and bindings: far more than a node of an expression (upstream charges as much). */
const CHECK_COST = 350_000;

export interface AccessQuestion {
  verb: string;
  /** Of requests that are for no resource. */
  path?: string;
  group?: string;
  version?: string;
  resource?: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  /** As written; whether it can be read at all is the answerer's to see. */
  fieldSelector?: string;
  labelSelector?: string;
}

/** What answers the questions, on somebody's behalf. */
export interface Access {
  check(question: AccessQuestion): { allowed: boolean; reason: string };
  /** The same for a service account. */
  as(namespace: string, name: string): Access;
}

/** Each value is the next step on the way to a decision; none of them ever changes. */
abstract class Step extends Opaque {
  override equals(other: Opaque): boolean {
    return this === other;
  }
}

export class AuthorizerValue extends Step {
  override readonly typeName = `${NAMESPACE}.Authorizer`;
  readonly access: Access;

  constructor(access: Access) {
    super();
    this.access = access;
  }
}

class PathCheck extends Step {
  override readonly typeName = `${NAMESPACE}.PathCheck`;
  readonly access: Access;
  readonly path: string;

  constructor(access: Access, path: string) {
    super();
    this.access = access;
    this.path = path;
  }
}

class GroupCheck extends Step {
  override readonly typeName = `${NAMESPACE}.GroupCheck`;
  readonly access: Access;
  readonly group: string;

  constructor(access: Access, group: string) {
    super();
    this.access = access;
    this.group = group;
  }
}

type Target = Omit<AccessQuestion, "verb" | "path">;

export class ResourceCheck extends Step {
  override readonly typeName = `${NAMESPACE}.ResourceCheck`;
  readonly access: Access;
  readonly target: Target;

  constructor(access: Access, target: Target) {
    super();
    this.access = access;
    this.target = target;
  }

  with(more: Target): ResourceCheck {
    return new ResourceCheck(this.access, { ...this.target, ...more });
  }
}

class DecisionValue extends Step {
  override readonly typeName = `${NAMESPACE}.Decision`;
  readonly allowed: boolean;
  readonly reason: string;

  constructor({ allowed, reason }: { allowed: boolean; reason: string }) {
    super();
    this.allowed = allowed;
    this.reason = reason;
  }
}

const [A, P, G, R, D] = ["Authorizer", "PathCheck", "GroupCheck", "ResourceCheck", "Decision"].map((name) => `${NAMESPACE}.${name}`);

export const AUTHORIZER = opaque(A!);
export const RESOURCE_CHECK = opaque(R!);

/** Steps that narrow down what is asked about, named as what they set. */
const NARROWING = ["subresource", "namespace", "name", "fieldSelector", "labelSelector"] as const;

export const AUTHORIZER_LIBRARY: Library = [
  method("path", `${A}, string -> ${P}`, ([{ access }, path]) => new PathCheck(access, path)),
  method("group", `${A}, string -> ${G}`, ([{ access }, group]) => new GroupCheck(access, group)),
  method(
    "serviceAccount",
    `${A}, string, string -> ${A}`,
    ([{ access }, namespace, name]) => new AuthorizerValue((access as Access).as(namespace, name)),
  ),
  method("resource", `${G}, string -> ${R}`, ([{ access, group }, resource]) => new ResourceCheck(access, { group, resource })),
  ...NARROWING.map((part) => method(part, `${R}, string -> ${R}`, ([check, text]) => (check as ResourceCheck).with({ [part]: text }))),
  method("check", `${P}, string -> ${D}`, ([check, verb], evaluation) => {
    evaluation.charge(CHECK_COST);
    const { access, path } = check as PathCheck;
    return new DecisionValue(access.check({ verb, path }));
  }),
  method("check", `${R}, string -> ${D}`, ([check, verb], evaluation) => {
    evaluation.charge(CHECK_COST);
    const { access, target } = check as ResourceCheck;
    return new DecisionValue(access.check({ ...target, verb }));
  }),
  method("allowed", `${D} -> bool`, ([{ allowed }]) => allowed),
  method("reason", `${D} -> string`, ([{ reason }]) => reason),
  // Our authorizers decide from memory: they do not fail.
  method("errored", `${D} -> bool`, () => false),
  method("error", `${D} -> string`, () => ""),
];
