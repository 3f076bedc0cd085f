import { BOOL, BYTES, type CelType, DOUBLE, DYN, INT, NULL, STRING, UINT } from "./types.ts";
import { Uint, type Value } from "./values.ts";

export function typeOfConstant(value: Value): CelType {
  if (value === null) return NULL;
  if (typeof value === "boolean") return BOOL;
  if (typeof value === "bigint") return INT;
  if (typeof value === "number") return DOUBLE;
  if (typeof value === "string") return STRING;
  if (value instanceof Uint) return UINT;
  return value instanceof Uint8Array ? BYTES : DYN;
}
