/**
 * The expressions of admission (ValidatingAdmissionPolicy, matchConditions): which names they may use, what they must
 * yield. When a policy is written its objects may be of any kind; a type checker knows the kinds.
 */
import { type CelType, compile, DYN, type FieldType, type ObjectType, type Program, typeText } from "@flotilla/cel";
import { NAMESPACE, REQUEST } from "./admission-types.ts";
import { AUTHORIZER, AUTHORIZER_LIBRARY, RESOURCE_CHECK } from "./authorizer.ts";

/** An expression, or why it is none. */
export type Compiled = { expression: string; program: Program } | { expression: string; error: string };

export interface AdmissionTypes {
  /** object and oldObject. */
  object: CelType;
  /** undefined: there is no paramKind, and nobody may speak of params. */
  params: CelType | undefined;
}

/** What a webhook's matchConditions may name. */
const WEBHOOK_NAMES = (object: CelType): Record<string, CelType> => ({
  object,
  oldObject: object,
  request: REQUEST,
  authorizer: AUTHORIZER,
  "authorizer.requestResource": RESOURCE_CHECK,
});

/** `wanted`: types that it may yield, as CEL names them; none: anything. */
function compileTo(expression: string, variables: Record<string, CelType>, wanted: readonly string[]): Compiled {
  try {
    const program = compile(expression, { variables, libraries: [AUTHORIZER_LIBRARY] });
    if (wanted.length === 0 || wanted.includes(typeText(program.type))) return { expression, program };
    const error = wanted.length === 1 ? `must evaluate to ${wanted[0]}` : `must evaluate to one of [${wanted.join(" ")}]`;
    return { expression, error };
  } catch (error) {
    return { expression, error: `compilation failed: ${(error as Error).message}` };
  }
}

export const compileWebhookCondition = (expression: string): Compiled => compileTo(expression, WEBHOOK_NAMES(DYN), ["bool"]);

/** Compiles one policy's expressions. Variables come first, in their order: each may use those before it. */
export class PolicyCompiler {
  readonly #names: Record<string, CelType>;
  readonly #variables = new Map<string, FieldType>();
  readonly #strict: boolean;

  /** `strict`: expressions must yield what their place wants; a type checker asks for their soundness alone. */
  constructor({ object, params }: AdmissionTypes, strict = true) {
    this.#names = { ...WEBHOOK_NAMES(object), namespaceObject: NAMESPACE, ...(params ? { params } : {}) };
    this.#strict = strict;
  }

  variable(name: string, expression: string): Compiled {
    const compiled = this.#compile(expression, []);
    // One that is wrong is reported itself: who uses it need not be.
    this.#variables.set(name, { json: name, type: "program" in compiled ? compiled.program.type : DYN });
    return compiled;
  }

  validation(expression: string): Compiled {
    return this.#compile(expression, ["bool"]);
  }

  /** Asks nobody for access: what it says may be read by everybody. */
  message(expression: string): Compiled {
    const { authorizer: _, "authorizer.requestResource": __, ...names } = this.#names;
    return compileTo(expression, this.#withVariables(names), this.#wanted(["string"]));
  }

  annotation(expression: string): Compiled {
    return this.#compile(expression, ["string", "null"]);
  }

  /** Whether a policy looks at all: variables are worked out only after that. */
  condition(expression: string): Compiled {
    return compileTo(expression, this.#names, this.#wanted(["bool"]));
  }

  #compile(expression: string, wanted: readonly string[]): Compiled {
    return compileTo(expression, this.#withVariables(this.#names), this.#wanted(wanted));
  }

  #wanted = (types: readonly string[]): readonly string[] => (this.#strict ? types : []);

  #withVariables(names: Record<string, CelType>): Record<string, CelType> {
    const known = new Map(this.#variables);
    const variables: ObjectType = { kind: "object", name: "kubernetes.variables", field: (name) => known.get(name) };
    return { ...names, variables };
  }
}
