/** OpenAPI validation of custom resources, with the messages of kube-openapi's validator. */
import { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { isObject } from "../schema/conform.ts";
import { hasFormat } from "./formats.ts";
import { matchesPattern } from "./regex.ts";
import type { JsonSchema } from "./structural.ts";

/** @param path of the value, "" for the object itself. */
export function validateValue(schema: JsonSchema, value: unknown, path: string, errors: FieldErrors): void {
  if (!validateType(schema, value, path, errors)) return;
  if (value === null) return;
  validateEnum(schema, value, path, errors);
  if (typeof value === "string") validateString(schema, value, path, errors);
  else if (typeof value === "number") validateNumber(schema, value, path, errors);
  else if (Array.isArray(value)) validateList(schema, value, path, errors);
  else if (isObject(value)) validateMembers(schema, value, path, errors);
  validateLogic(schema, value, path, errors);
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

const INT32_MAX = 2 ** 31;

function validateType(schema: JsonSchema, value: unknown, path: string, errors: FieldErrors): boolean {
  const type = typeOf(value);
  if (value === null && schema["nullable"]) return true;
  if (schema["x-kubernetes-int-or-string"]) {
    if (type === "integer" || type === "string") return true;
    errors.typeInvalid(path, type, `${path} in body must be of type integer,string: ${JSON.stringify(type)}`);
    return false;
  }
  const wanted: string = schema["type"] ?? "";
  if (wanted === "") return true;
  if (type === wanted || (wanted === "number" && type === "integer")) {
    if (schema["format"] === "int32" && (value as number) !== ((value as number) | 0) && Math.abs(value as number) >= INT32_MAX) {
      errors.invalid(path, value, `${path} in body must be of type int32: ${JSON.stringify(value)}`);
    }
    return true;
  }
  errors.typeInvalid(path, type, `${path} in body must be of type ${wanted}: ${JSON.stringify(type)}`);
  return false;
}

function validateEnum(schema: JsonSchema, value: unknown, path: string, errors: FieldErrors): void {
  const values: unknown[] | undefined = schema["enum"];
  if (!values || values.some((allowed) => jsonEqual(allowed, value))) return;
  const shown = values.map((allowed) => (typeof allowed === "string" ? allowed : JSON.stringify(allowed)));
  errors.notSupportedInOrder(path, value, shown);
}

function validateString(schema: JsonSchema, value: string, path: string, errors: FieldErrors): void {
  const { maxLength, minLength, pattern, format } = schema;
  const length = [...value].length;
  if (maxLength !== undefined && length > maxLength) errors.tooLong(path, maxLength);
  if (minLength !== undefined && length < minLength)
    errors.invalid(path, value, `${path} in body should be at least ${minLength} chars long`);
  if (pattern && !matchesPattern(pattern, value)) errors.invalid(path, value, `${path} in body should match '${pattern}'`);
  if (format && !hasFormat(format, value))
    errors.invalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`);
}

function validateNumber(schema: JsonSchema, value: number, path: string, errors: FieldErrors): void {
  const { maximum, minimum, exclusiveMaximum, exclusiveMinimum, multipleOf } = schema;
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    errors.invalid(path, value, `${path} in body should be less than ${exclusiveMaximum ? "" : "or equal to "}${maximum}`);
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    errors.invalid(path, value, `${path} in body should be greater than ${exclusiveMinimum ? "" : "or equal to "}${minimum}`);
  }
  if (multipleOf && !isMultiple(value, multipleOf)) errors.invalid(path, value, `${path} in body should be a multiple of ${multipleOf}`);
}

function isMultiple(value: number, of: number): boolean {
  const quotient = value / of;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9 * Math.max(1, Math.abs(quotient));
}

function validateList(schema: JsonSchema, value: unknown[], path: string, errors: FieldErrors): void {
  const { maxItems, minItems, uniqueItems, items } = schema;
  if (minItems !== undefined && value.length < minItems)
    errors.invalid(path, value.length, `${path} in body should have at least ${minItems} items`);
  if (maxItems !== undefined && value.length > maxItems) {
    errors.tooMany(path, value.length, maxItems);
    return;
  }
  if (uniqueItems && value.some((item, index) => value.findIndex((other) => jsonEqual(item, other)) < index)) {
    errors.invalid(path, value, `${path} in body shouldn't contain duplicates`);
  }
  if (isObject(items)) for (const [index, item] of value.entries()) validateValue(items, item, `${path}[${index}]`, errors);
}

const child = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

function validateMembers(schema: JsonSchema, value: Record<string, unknown>, path: string, errors: FieldErrors): void {
  const { maxProperties, minProperties, required, properties, additionalProperties } = schema;
  const names = Object.keys(value);
  if (minProperties !== undefined && names.length < minProperties)
    errors.invalid(path, names.length, `${path} in body should have at least ${minProperties} properties`);
  if (maxProperties !== undefined && names.length > maxProperties) errors.tooMany(path, names.length, maxProperties);
  for (const name of (required as string[] | undefined) ?? []) if (value[name] === undefined) errors.required(child(path, name));
  for (const name of names) {
    const property = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
    const member = property ?? (isObject(additionalProperties) ? additionalProperties : undefined);
    if (isObject(member)) validateValue(member, value[name], child(path, name), errors);
    else if (additionalProperties === false) errors.forbidden(child(path, name), `${child(path, name)} in body is a forbidden property`);
  }
}

function validateLogic(schema: JsonSchema, value: unknown, path: string, errors: FieldErrors): void {
  const { allOf, anyOf, oneOf, not } = schema;
  const name = JSON.stringify(path);
  if (not && passes(not, value, path)) errors.invalid("<nil>", "", `${name} must not validate the schema (not)`);
  if (allOf) {
    const failing = (allOf as JsonSchema[]).map((part) => attempt(part, value, path)).filter((found) => !found.empty);
    if (failing.length > 0) {
      errors.invalid("<nil>", "", `${name} must validate all the schemas (allOf)`);
      for (const found of failing) errors.list.push(...found.list);
    }
  }
  if (anyOf?.length) {
    const attempts = (anyOf as JsonSchema[]).map((part) => attempt(part, value, path));
    if (!attempts.some(({ empty }) => empty)) {
      errors.invalid("<nil>", "", `${name} must validate at least one schema (anyOf)`);
      errors.list.push(...closest(attempts).list);
    }
  }
  if (oneOf?.length) {
    const attempts = (oneOf as JsonSchema[]).map((part) => attempt(part, value, path));
    const valid = attempts.filter(({ empty }) => empty).length;
    if (valid === 1) return;
    const found = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`;
    errors.invalid("<nil>", "", `${name} must validate one and only one schema (oneOf). ${found}`);
    if (valid === 0) errors.list.push(...closest(attempts).list);
  }
}

function attempt(schema: JsonSchema, value: unknown, path: string): FieldErrors {
  const errors = new FieldErrors();
  validateValue(schema, value, path, errors);
  return errors;
}

const passes = (schema: JsonSchema, value: unknown, path: string): boolean => attempt(schema, value, path).empty;
/** The alternative that comes nearest says best what is missing. */
const closest = (attempts: FieldErrors[]): FieldErrors =>
  attempts.reduce((best, next) => (next.list.length < best.list.length ? next : best));
