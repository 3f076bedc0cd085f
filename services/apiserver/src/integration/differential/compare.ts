/** Two answers made comparable: what every server chooses for itself has a name instead of its value. */
export interface Answer {
  status: number;
  type: string;
  warning: string;
  /** Parsed where it is JSON. */
  body: unknown;
}

const UID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;

function normal(value: unknown, key = ""): unknown {
  if (typeof value === "string") {
    if (key === "resourceVersion" && value !== "") return "<version>";
    return value.replace(UID, "<uid>").replace(TIME, "<time>");
  }
  if (Array.isArray(value)) return value.map((item) => normal(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, normal(inner, name)]));
}

/** `.spec.replicas: theirs=1 ours=2`, a line for each place where they differ. */
export function differences(theirs: Answer, ours: Answer): string[] {
  const found: string[] = [];
  walk(normal(theirs), normal(ours), "", found);
  return found;
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function walk(theirs: unknown, ours: unknown, path: string, found: string[]): void {
  if (JSON.stringify(theirs) === JSON.stringify(ours)) return;
  if (isMap(theirs) && isMap(ours)) {
    for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours)])) walk(theirs[name], ours[name], `${path}.${name}`, found);
  } else if (Array.isArray(theirs) && Array.isArray(ours) && theirs.length === ours.length) {
    for (const [at, item] of theirs.entries()) walk(item, ours[at], `${path}[${at}]`, found);
  } else found.push(`${path}: theirs=${JSON.stringify(theirs)} ours=${JSON.stringify(ours)}`);
}
