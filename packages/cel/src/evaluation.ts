/** What one evaluation carries along: its variables and its budget. */
import { CostError } from "./errors.ts";
import type { Value } from "./values.ts";

/** Upstream's bound for one expression (apiservercel.PerCallLimit). */
export const CALL_COST_MAX = 1_000_000;

/**
 * Costs that several expressions share, counted down (upstream: RuntimeCELCostBudget, 10,000,000 for one object's
 * rules). A unit is about one node evaluated.
 */
export interface Budget {
  left: number;
}

export class Evaluation {
  /** Comprehension variables, cel.bind's and the bound ones, by slot. */
  readonly slots: (Value | undefined)[];
  #spent = 0;
  readonly #max: number;

  constructor(slots: (Value | undefined)[], cost_max: number) {
    this.slots = slots;
    this.#max = cost_max;
  }

  get spent(): number {
    return this.#spent;
  }

  /** @throws CostError when the expression has used up what it may. */
  charge(cost: number): void {
    this.#spent += cost;
    if (this.#spent > this.#max) throw new CostError();
  }

  /** Work that grows with a string's length: a tenth per character, as upstream. */
  chargeText(length: number): void {
    this.charge(Math.ceil(length / 10));
  }
}
