/** Field selectors compare the string form of a dotted path; a missing field is "". */
export function matchesFields(selector: string | undefined, object: unknown): boolean {
  for (const part of (selector ?? "").split(",")) {
    const match = /^\s*([^!=]+?)\s*(!=|==?)\s*(.*?)\s*$/.exec(part);
    if (!match) continue;
    const value = match[1]!.split(".").reduce<any>((o, key) => o?.[key], object);
    const equal = String(value ?? "") === match[3];
    if (equal !== (match[2] !== "!=")) return false;
  }
  return true;
}
