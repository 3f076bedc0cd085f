import { jsonEqual } from "../json-equal.ts";

/** Lines that show which fields differ, old with "-", new with "+": the tail of "may not change fields other than …". */
export function changedPaths(before: unknown, after: unknown): string {
  const lines: string[] = [];
  collect(before, after, "", lines);
  return lines.join("\n");
}

function collect(before: unknown, after: unknown, path: string, lines: string[]): void {
  if (jsonEqual(before, after)) return;
  if (isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    for (const key of keys)
      collect(before[key], after[key], Array.isArray(before) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`, lines);
    return;
  }
  if (before !== undefined) lines.push(`- ${path}: ${JSON.stringify(before)}`);
  if (after !== undefined) lines.push(`+ ${path}: ${JSON.stringify(after)}`);
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
