/** fieldPath of a validation rule: `.spec['a.b'].key`, which must lead somewhere in the rule's schema (KEP-2876). */
import type { Structural } from "./structural.ts";

const STEP = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y;

/** The path as messages print it (`.spec.a.b[key]`); undefined when it leads nowhere. */
export function ruleFieldPath(schema: Structural, path: string): string | undefined {
  let at: Structural | undefined = schema;
  let shown = "";
  for (STEP.lastIndex = 0; STEP.lastIndex < path.length; ) {
    const step = STEP.exec(path);
    if (!step || !at) return undefined;
    const name = step[1] ?? step[2]!.replace(/\\(.)/g, "$1");
    const isMap: boolean = at.properties.size === 0 && typeof at.additional === "object";
    const next: Structural | undefined = isMap ? (at.additional as Structural) : at.properties.get(name);
    if (!next) return undefined;
    shown += isMap ? `[${name}]` : `.${name}`;
    at = next;
  }
  return shown === "" ? undefined : shown;
}
