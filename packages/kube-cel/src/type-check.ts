/**
 * Whether the expressions of a ValidatingAdmissionPolicy make sense for the kinds that it looks at (KEP-3488, "type
 * checking"). Nothing is refused for it: what is found is written into the policy's status, for its author to see.
 */
import type { ValidatingAdmissionPolicy } from "@flotilla/api";
import { type CelType, DYN } from "@flotilla/cel";
import { type Compiled, PolicyCompiler } from "./policy.ts";

export interface KnownKind {
  group: string;
  version: string;
  kind: string;
  type: CelType;
}

export interface Kinds {
  /** All that this plural name of a group's version means; empty when nothing does, or nothing is known of it. */
  byResource(group: string, version: string, resource: string): readonly KnownKind[];
  byKind(group: string, version: string, kind: string): KnownKind | undefined;
}

export interface ExpressionWarning {
  fieldRef: string;
  warning: string;
}

/** More kinds of one rule than this are not looked at. */
const KINDS_MAX = 10;

type Spec = NonNullable<ValidatingAdmissionPolicy["spec"]>;

export function typeCheck({ spec = {} }: ValidatingAdmissionPolicy, kinds: Kinds): ExpressionWarning[] {
  // Parameters of a kind that nobody knows yet may be anything.
  const params = spec.paramKind && (paramType(spec.paramKind, kinds) ?? DYN);
  const found = new Map<string, string[]>();
  for (const kind of kindsOf(spec, kinds)) {
    for (const [fieldRef, compiled] of compileAll(spec, new PolicyCompiler({ object: kind.type, params }, false))) {
      if (!("error" in compiled)) continue;
      const issues = compiled.error.replace(/^compilation failed: /, "");
      const warnings = found.get(fieldRef) ?? [];
      warnings.push(`${kind.group}/${kind.version}, Kind=${kind.kind}: ${issues}\n`);
      found.set(fieldRef, warnings);
    }
  }
  return [...found].map(([fieldRef, warnings]) => ({ fieldRef, warning: warnings.join("\n") }));
}

/** In the order of the fields; variables must come first, since the others speak of them. */
function* compileAll(spec: Spec, compiler: PolicyCompiler): Generator<[fieldRef: string, compiled: Compiled]> {
  for (const [i, { name, expression }] of (spec.variables ?? []).entries())
    yield [`spec.variables[${i}].expression`, compiler.variable(name, expression)];
  for (const [i, { expression }] of (spec.matchConditions ?? []).entries())
    yield [`spec.matchConditions[${i}].expression`, compiler.condition(expression)];
  for (const [i, { expression, messageExpression }] of (spec.validations ?? []).entries()) {
    yield [`spec.validations[${i}].expression`, compiler.validation(expression)];
    if (messageExpression) yield [`spec.validations[${i}].messageExpression`, compiler.message(messageExpression)];
  }
  for (const [i, { valueExpression }] of (spec.auditAnnotations ?? []).entries())
    yield [`spec.auditAnnotations[${i}].valueExpression`, compiler.annotation(valueExpression)];
}

/** The kinds that the rules name; those that name some by a wildcard could mean anything, and are passed over. */
function kindsOf(spec: Spec, kinds: Kinds): KnownKind[] {
  const found = new Map<string, KnownKind>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec.matchConstraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions].some((name) => name.includes("*"))) continue;
    const plain = resources.filter((name) => !/[*/]/.test(name)).sort();
    const all = [...apiGroups]
      .sort()
      .flatMap((group) =>
        [...apiVersions].sort().flatMap((version) => plain.flatMap((resource) => kinds.byResource(group, version, resource))),
      );
    for (const kind of all.slice(0, KINDS_MAX)) found.set(nameOf(kind), kind);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind);
}

const nameOf = ({ group, version, kind }: KnownKind): string => `${group}\0${version}\0${kind}`;

function paramType({ apiVersion = "", kind = "" }: NonNullable<Spec["paramKind"]>, kinds: Kinds): CelType | undefined {
  const slash = apiVersion.indexOf("/");
  return kinds.byKind(apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1), kind)?.type;
}
