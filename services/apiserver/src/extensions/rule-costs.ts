/** How dear the rules of a CustomResourceDefinition may be, estimated when it is written (KEP-2876, "resource constraints"). */
import type { FieldErrors } from "@flotilla/api";

/** For one expression, as often as it may run in one object. */
export const EXPRESSION_COST_MAX = 10_000_000;
/** For all expressions of one schema. */
const SCHEMA_COST_MAX = 100_000_000;
/** Only so many are named, and only those that matter. */
const BLAMED_MAX = 4;
const BLAMED_SHARE = 0.01;

const HINT = "try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared";

export const excess = (what: string, cost: number, cost_max: number): string =>
  `${what} exceeds budget by factor of ${factor(cost / cost_max)} (${HINT})`;

/** Beyond a hundred the number says nothing; close to one it must not read "1.0x". */
function factor(times: number): string {
  if (times > 100) return "more than 100x";
  return `${times.toFixed(times < 1.5 ? 6 : 1)}x`;
}

/** The sum over one schema, and who is to blame for it. */
export class SchemaCost {
  #total = 0;
  readonly #expensive: { field: string; cost: number }[] = [];

  add(field: string, cost: number): void {
    this.#total += cost;
    if (cost >= SCHEMA_COST_MAX * BLAMED_SHARE) this.#expensive.push({ field, cost });
  }

  report(field: string, errors: FieldErrors): void {
    if (this.#total <= SCHEMA_COST_MAX) return;
    const blamed = this.#expensive.sort((a, b) => b.cost - a.cost).slice(0, BLAMED_MAX);
    for (const one of blamed)
      errors.forbidden(one.field, "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema");
    const what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
    errors.forbidden(field, excess(what, this.#total, SCHEMA_COST_MAX));
  }
}
