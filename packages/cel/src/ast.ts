/** The syntax tree of an expression, macros already recognised. `at` is a node's offset in the text, in UTF-16 units. */
import type { Value } from "./values.ts";

export type Node =
  | { kind: "const"; at: number; value: Value }
  | { kind: "ident"; at: number; name: string }
  | { kind: "select"; at: number; operand: Node; field: string; optional: boolean }
  /** has(operand.field) */
  | { kind: "test"; at: number; operand: Node; field: string }
  | { kind: "index"; at: number; operand: Node; index: Node; optional: boolean }
  /** Functions, methods and operators; an operator is named as in CEL's own tables: `_+_`, `!_`, `@in`. */
  | { kind: "call"; at: number; name: string; target: Node | undefined; args: Node[] }
  | { kind: "and" | "or"; at: number; terms: Node[] }
  | { kind: "conditional"; at: number; test: Node; then: Node; otherwise: Node }
  | { kind: "list"; at: number; elements: { node: Node; optional: boolean }[] }
  | { kind: "map"; at: number; entries: { key: Node; value: Node; optional: boolean }[] }
  | { kind: "message"; at: number; name: string }
  | Comprehension
  | { kind: "bind"; at: number; name: string; value: Node; body: Node }
  | { kind: "optMap"; at: number; target: Node; name: string; body: Node; flat: boolean };

export type Macro = "all" | "exists" | "existsOne" | "map" | "filter" | "transformList" | "transformMap" | "transformMapEntry";

export interface Comprehension {
  kind: "comprehension";
  at: number;
  macro: Macro;
  range: Node;
  /** The element (or a map's key); with `second`, the index or key. */
  first: string;
  /** The element or value, of the two-variable forms. */
  second: string | undefined;
  /** Only what passes is taken (map and the transforms with a filter). */
  test: Node | undefined;
  body: Node;
}
