/** Kubernetes' quantity library: "100m", "1Gi" with order and arithmetic. */
import { addQuantity, compareQuantity, parseQuantity, type Quantity, QuantityError, subtractQuantity } from "@flotilla/api/quantity.ts";
import { EvaluationError } from "../errors.ts";
import { fn, type Library, method } from "../functions.ts";
import { Opaque } from "../values.ts";

const NANO = 1_000_000_000n;
const NAME = "kubernetes.Quantity";

class QuantityValue extends Opaque {
  override readonly typeName = NAME;
  readonly quantity: Quantity;
  constructor(quantity: Quantity) {
    super();
    this.quantity = quantity;
  }
  override equals(other: Opaque): boolean {
    return other instanceof QuantityValue && compareQuantity(this.quantity, other.quantity) === 0;
  }
}

function parsed(text: string): Quantity | undefined {
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

function quantityOf(text: string): QuantityValue {
  try {
    return new QuantityValue(parseQuantity(text));
  } catch (error) {
    throw new EvaluationError((error as Error).message);
  }
}

const ofInt = (value: bigint): Quantity => ({ nanos: value * NANO, format: "DecimalSI" });
const isWhole = ({ nanos }: Quantity): boolean => nanos % NANO === 0n && nanos / NANO < 2n ** 63n && nanos / NANO >= -(2n ** 63n);

function integer(quantity: Quantity): bigint {
  if (!isWhole(quantity)) throw new EvaluationError("cannot convert value to integer");
  return quantity.nanos / NANO;
}

export const QUANTITIES: Library = [
  fn("quantity", "string -> kubernetes.Quantity", ([text]) => quantityOf(text)),
  fn("isQuantity", "string -> bool", ([text]) => parsed(text) !== undefined),
  method("sign", `${NAME} -> int`, ([{ quantity }]) => BigInt(compareQuantity(quantity, ofInt(0n)))),
  method("isInteger", `${NAME} -> bool`, ([{ quantity }]) => isWhole(quantity)),
  method("asInteger", `${NAME} -> int`, ([{ quantity }]) => integer(quantity)),
  method("asApproximateFloat", `${NAME} -> double`, ([{ quantity }]) => Number(quantity.nanos) / Number(NANO)),
  method("compareTo", `${NAME}, ${NAME} -> int`, ([a, b]) => BigInt(compareQuantity(a.quantity, b.quantity))),
  method("isGreaterThan", `${NAME}, ${NAME} -> bool`, ([a, b]) => compareQuantity(a.quantity, b.quantity) > 0),
  method("isLessThan", `${NAME}, ${NAME} -> bool`, ([a, b]) => compareQuantity(a.quantity, b.quantity) < 0),
  method("add", `${NAME}, ${NAME} -> ${NAME}`, ([a, b]) => new QuantityValue(addQuantity(a.quantity, b.quantity))),
  method("add", `${NAME}, int -> ${NAME}`, ([a, b]) => new QuantityValue(addQuantity(a.quantity, ofInt(b)))),
  method("sub", `${NAME}, ${NAME} -> ${NAME}`, ([a, b]) => new QuantityValue(subtractQuantity(a.quantity, b.quantity))),
  method("sub", `${NAME}, int -> ${NAME}`, ([a, b]) => new QuantityValue(subtractQuantity(a.quantity, ofInt(b)))),
];
