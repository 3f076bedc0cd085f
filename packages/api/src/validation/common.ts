/** Rules that many kinds share. `field` is always the full path. */
import type { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { validateLabels } from "../meta/validate.ts";
import { dns1123SubdomainErrors, labelValueErrors, qualifiedNameErrors } from "../names.ts";
import type { LabelSelector } from "../types.ts";

export const FIELD_IMMUTABLE = "field is immutable";
export const NON_NEGATIVE = "must be greater than or equal to 0";

export function nonNegative(field: string, value: number | undefined, errors: FieldErrors): void {
  if (value !== undefined && value < 0) errors.invalid(field, value, NON_NEGATIVE);
}

/** Required and one of these. */
export function oneOf(field: string, value: string | undefined, supported: readonly string[], errors: FieldErrors): void {
  if (!value) errors.required(field);
  else if (!supported.includes(value)) errors.notSupported(field, value, supported);
}

export function optionalOneOf(field: string, value: string | undefined, supported: readonly string[], errors: FieldErrors): void {
  if (value && !supported.includes(value)) errors.notSupported(field, value, supported);
}

export function immutable(field: string, value: unknown, old: unknown, errors: FieldErrors): void {
  if (!jsonEqual(value, old)) errors.invalid(field, value, FIELD_IMMUTABLE);
}

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"];

export function validateLabelSelector(selector: LabelSelector | undefined, field: string, errors: FieldErrors): void {
  if (!selector) return;
  validateLabels(selector.matchLabels, `${field}.matchLabels`, errors);
  (selector.matchExpressions ?? []).forEach((expression, index) => {
    const at = `${field}.matchExpressions[${index}]`;
    const values = expression.values ?? [];
    const operator = expression.operator ?? "";
    if (!OPERATORS.includes(operator)) errors.invalid(`${at}.operator`, operator, "not a valid selector operator");
    else if (operator.endsWith("In")) {
      if (values.length === 0) errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (values.length > 0) errors.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    errors.invalidEach(`${at}.key`, expression.key ?? "", qualifiedNameErrors(expression.key ?? ""));
    values.forEach((value, at_) => {
      errors.invalidEach(`${at}.values[${at_}]`, value, labelValueErrors(value));
    });
  });
}

/** Whether it can be matched at all: upstream makes requirements of it, each with rules of its own. */
export function isUsableSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  const usable = (key: string, values: readonly string[]): boolean =>
    qualifiedNameErrors(key).length === 0 && values.every((value) => labelValueErrors(value).length === 0);
  return (
    Object.entries(matchLabels).every(([key, value]) => usable(key, [value])) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const takesValues = operator === "In" || operator === "NotIn";
      return OPERATORS.includes(operator) && takesValues === values.length > 0 && usable(key ?? "", values);
    })
  );
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}

/** Names such as "acme.io/foo". */
export function validateDomainPath(value: string, field: string, errors: FieldErrors): void {
  if (value === "") return errors.required(field);
  const slash = value.indexOf("/");
  if (slash <= 0 || slash === value.length - 1) {
    return errors.invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")');
  }
  errors.invalidEach(field, value.slice(0, slash), dns1123SubdomainErrors(value.slice(0, slash)));
}
