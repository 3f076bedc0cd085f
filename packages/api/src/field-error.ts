import { type ApiError, apiError, type StatusCause } from "./status.ts";

/** field.ErrorType of upstream, with the word its messages start with. */
const TYPES = {
  FieldValueNotFound: "Not found",
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueInvalid: "Invalid value",
  FieldValueNotSupported: "Unsupported value",
  FieldValueForbidden: "Forbidden",
  FieldValueTooLong: "Too long",
  FieldValueTooMany: "Too many",
  FieldValueTypeInvalid: "Invalid value",
} as const;

export type FieldErrorType = keyof typeof TYPES;

export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  /** Message without the field: `Invalid value: "x": must be …`. */
  readonly message: string;
}

/** Collects what validation finds; fields are paths such as `spec.containers[0].name`. */
export class FieldErrors {
  readonly list: FieldError[] = [];

  get empty(): boolean {
    return this.list.length === 0;
  }

  notFound(field: string, value: unknown): void {
    this.#add("FieldValueNotFound", field, `: ${show(value)}`);
  }

  required(field: string, detail = ""): void {
    this.#add("FieldValueRequired", field, tail(detail));
  }

  duplicate(field: string, value: unknown): void {
    this.#add("FieldValueDuplicate", field, `: ${show(value)}`);
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.#add("FieldValueInvalid", field, `: ${show(value)}${tail(detail)}`);
  }

  /** An Invalid error about a whole whose value would say nothing. */
  invalidWhole(field: string, detail: string): void {
    this.#add("FieldValueInvalid", field, tail(detail));
  }

  /** One Invalid error for each text. */
  invalidEach(field: string, value: unknown, details: readonly string[]): void {
    for (const detail of details) this.invalid(field, value, detail);
  }

  notSupported(field: string, value: unknown, supported: readonly string[]): void {
    const values = [...supported].sort().map((s) => JSON.stringify(s));
    this.#add("FieldValueNotSupported", field, `: ${show(value)}${values.length > 0 ? `: supported values: ${values.join(", ")}` : ""}`);
  }

  /** As notSupported, the values as the author of a schema has ordered them. */
  notSupportedInOrder(field: string, value: unknown, supported: readonly string[]): void {
    const values = supported.map((s) => JSON.stringify(s)).join(", ");
    this.#add("FieldValueNotSupported", field, `: ${show(value)}: supported values: ${values}`);
  }

  forbidden(field: string, detail: string): void {
    this.#add("FieldValueForbidden", field, tail(detail));
  }

  /** Bytes, as upstream counts. */
  tooLong(field: string, max: number): void {
    this.#add("FieldValueTooLong", field, `: may not be more than ${max} bytes`);
  }

  tooMany(field: string, actual: number, max: number): void {
    this.#add("FieldValueTooMany", field, `: ${actual}: must have at most ${max} items`);
  }

  typeInvalid(field: string, value: unknown, detail: string): void {
    this.#add("FieldValueTypeInvalid", field, `: ${show(value)}${tail(detail)}`);
  }

  #add(type: FieldErrorType, field: string, rest: string): void {
    this.list.push({ type, field, message: TYPES[type] + rest });
  }
}

const tail = (detail: string): string => (detail === "" ? "" : `: ${detail}`);

/** Values as upstream prints them in messages: strings quoted, missing pointers as null, objects as JSON. */
function show(value: unknown): string {
  return value === undefined ? "null" : JSON.stringify(value);
}

/** Status 422 with one cause per error; kubectl prints the causes. */
export function invalidError(group: string, kind: string, name: string, errors: FieldErrors): ApiError {
  const seen = new Set<string>();
  const texts: string[] = [];
  const causes: StatusCause[] = [];
  for (const { type, field, message } of errors.list) {
    causes.push({ reason: type, message, field });
    const text = `${field}: ${message}`;
    if (!seen.has(text)) texts.push(text);
    seen.add(text);
  }
  const summary = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const qualified = group === "" ? kind : `${kind}.${group}`;
  return apiError("Invalid", `${qualified} ${JSON.stringify(name)} is invalid: ${summary}`, {
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    ...(kind === "" ? {} : { kind }),
    causes,
  });
}
