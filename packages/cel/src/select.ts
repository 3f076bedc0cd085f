/** Reading members at run time: a.b, has(a.b), a[b] and their optional forms. */
import { EvaluationError } from "./errors.ts";
import { ListValue, MapValue, Optional, Uint, type Value } from "./values.ts";

export function selectField(operand: Value, field: string, optional: boolean): Value {
  if (operand instanceof Optional) return operand.value === undefined ? operand : asOptional(selectField(operand.value, field, true));
  if (!(operand instanceof MapValue)) throw new EvaluationError("no such overload");
  const value = operand.get(field);
  if (optional) return new Optional(value);
  if (value === undefined) throw new EvaluationError(`no such key: ${field}`);
  return value;
}

export function testField(operand: Value, field: string): boolean {
  if (operand instanceof Optional) return operand.value !== undefined && testField(operand.value, field);
  if (!(operand instanceof MapValue)) throw new EvaluationError("no such overload");
  return operand.get(field) !== undefined;
}

export function readIndex(operand: Value, index: Value): Value {
  if (operand instanceof Optional) return operand.value === undefined ? operand : readOptionalIndex(operand.value, index);
  const found = lookUp(operand, index);
  if (found !== undefined) return found;
  if (operand instanceof ListValue) throw new EvaluationError(`index out of bounds: ${String(position(index))}`);
  throw new EvaluationError(`no such key: ${index instanceof Uint ? index.value : String(index)}`);
}

export function readOptionalIndex(operand: Value, index: Value): Value {
  if (operand instanceof Optional) return operand.value === undefined ? operand : readOptionalIndex(operand.value, index);
  return new Optional(lookUp(operand, index));
}

function lookUp(operand: Value, index: Value): Value | undefined {
  if (operand instanceof MapValue) return operand.get(index);
  if (!(operand instanceof ListValue)) throw new EvaluationError("no such overload");
  const at = position(index);
  return at >= 0n && at < BigInt(operand.size) ? operand.at(Number(at)) : undefined;
}

/** Doubles and uints that are whole numbers are positions too. */
function position(index: Value): bigint {
  if (typeof index === "bigint") return index;
  if (index instanceof Uint) return index.value;
  if (typeof index === "number" && Number.isInteger(index)) return BigInt(index);
  throw new EvaluationError("no such overload");
}

const asOptional = (value: Value): Optional => (value instanceof Optional ? value : new Optional(value));
