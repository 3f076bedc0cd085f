/**
 * Sets of field paths in the form of metav1.FieldsV1 (KEP-555): nested objects whose keys are path elements,
 * `f:name` for a field, `k:{"name":"a"}` for an item of a list map, `v:1` for a member of a set; "." means that
 * the element itself is in the set. A leaf is {}.
 */
export type FieldSet = { [element: string]: FieldSet };

export const SELF = ".";

export const isLeaf = (set: FieldSet): boolean => Object.keys(set).length === 0;

/** Calls `visit` for each path that the set has as a member. */
export function eachPath(set: FieldSet, visit: (path: string[]) => void, prefix: string[] = []): void {
  for (const [element, inner] of Object.entries(set)) {
    if (element === SELF) visit([...prefix, SELF]);
    else if (isLeaf(inner)) visit([...prefix, element]);
    else eachPath(inner, visit, [...prefix, element]);
  }
}

/** Whether the path is a member: as a leaf, or with "." where more lies below it. */
export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const element of path) {
    if (element === SELF) return at !== undefined && (isLeaf(at) || at[SELF] !== undefined);
    at = at?.[element];
    if (at === undefined) return false;
  }
  return isLeaf(at) || at[SELF] !== undefined;
}

/** Whether the set has the path, or anything below it. */
export function touchesPath(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const element of path) if (element !== SELF) at = at?.[element];
  return at !== undefined;
}

export function addPath(set: FieldSet, path: readonly string[]): void {
  let at = set;
  for (const element of path) at = at[element] ??= {};
}

/** Takes the path out, and the branches that it leaves empty. */
export function removePath(set: FieldSet, path: readonly string[]): void {
  const [element, ...rest] = path;
  const inner = element === undefined ? undefined : set[element];
  if (element === undefined || inner === undefined) return;
  if (rest.length === 0 || isLeaf(inner)) {
    if (rest.length === 0 || rest[0] === SELF) delete set[element];
    return;
  }
  removePath(inner, rest);
  if (isLeaf(inner)) delete set[element];
}

/** ".spec.containers[name="a"].image", as conflicts are worded. */
export function pathText(path: readonly string[]): string {
  return path
    .filter((element) => element !== SELF)
    .map((element) => {
      if (element.startsWith("f:")) return `.${element.slice(2)}`;
      if (element.startsWith("v:")) return `[=${element.slice(2)}]`;
      const keys = JSON.parse(element.slice(2)) as Record<string, unknown>;
      return `[${Object.entries(keys)
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join(",")}]`;
    })
    .join("");
}
