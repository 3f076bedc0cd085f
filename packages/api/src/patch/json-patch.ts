/** RFC 6902 on plain JSON. */
import { cloneJson, jsonEqual, setMember } from "../json-equal.ts";
import { isObject } from "../schema/conform.ts";
import { type ApiError, apiError } from "../status.ts";

const OPERATIONS_MAX = 10_000;
/** Copies of copies double: all of them together may add this much (upstream: AccumulatedCopySizeLimit). */
const COPIED_BYTES_MAX = 3 * 1024 * 1024;

interface Operation {
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

/** Works on (and may return) `document` itself. @throws ApiError BadRequest for what is no patch, Invalid where it does not apply. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (patch === null) return document;
  if (!Array.isArray(patch)) throw notDecoded(patch, "Patch");
  if (patch.length > OPERATIONS_MAX) {
    const problem = `The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${patch.length}`;
    throw apiError("RequestEntityTooLarge", `Request entity too large: ${problem}`);
  }
  for (const operation of patch) if (operation !== null && !isObject(operation)) throw notDecoded(operation, "Operation");
  const copied = { bytes: 0 };
  return patch.reduce((doc, operation) => apply(doc, (operation ?? {}) as Operation, copied), document);
}

function notDecoded(value: unknown, wanted: string): ApiError {
  return apiError(
    "BadRequest",
    `json: cannot unmarshal ${isObject(value) ? "object" : typeof value} into Go value of type jsonpatch.${wanted}`,
  );
}

function apply(doc: unknown, operation: Operation, copied: { bytes: number }): unknown {
  if (typeof operation.path !== "string") throw failed();
  const path = pointer(operation.path);
  const { value = null } = operation;
  switch (operation.op) {
    case "add":
      return write(doc, path, value, "add");
    case "replace":
      read(doc, path);
      return write(doc, path, value, "replace");
    case "remove":
      return remove(doc, path);
    case "test":
      if (!jsonEqual(find(doc, path).value ?? null, value)) throw failed();
      return doc;
    case "copy":
    case "move": {
      const from = pointer(operation.from ?? "");
      const source = read(doc, from);
      if (operation.op === "copy") countCopy(copied, source);
      const taken = cloneJson(source);
      return write(operation.op === "move" ? remove(doc, from) : doc, path, taken, operation.op);
    }
    default:
      throw failed();
  }
}

function countCopy(copied: { bytes: number }, value: unknown): void {
  copied.bytes += (JSON.stringify(value) ?? "").length;
  if (copied.bytes > COPIED_BYTES_MAX) throw failed();
}

/** RFC 6901. */
function pointer(text: string): string[] {
  if (text === "") return [];
  if (!text.startsWith("/")) throw failed();
  return text
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** "-1" is the last of the list, as upstream's library has it. */
function indexOf(part: string, length: number): number | undefined {
  if (!/^-?\d+$/.test(part)) return undefined;
  const index = Number(part) < 0 ? Number(part) + length : Number(part);
  return index >= 0 && index < length ? index : undefined;
}

function find(doc: unknown, path: string[]): { found: boolean; value?: unknown } {
  let at: unknown = doc;
  for (const part of path) {
    if (Array.isArray(at)) {
      const index = indexOf(part, at.length);
      if (index === undefined) return { found: false };
      at = at[index];
    } else if (isObject(at) && Object.hasOwn(at, part)) at = at[part];
    else return { found: false };
  }
  return { found: true, value: at };
}

function read(doc: unknown, path: string[]): unknown {
  const { found, value } = find(doc, path);
  if (!found) throw failed();
  return value;
}

/** The document itself is no value that could be taken or set. */
function parentOf(doc: unknown, path: string[]): { parent: unknown; last: string } {
  const last = path.at(-1);
  if (last === undefined) throw failed();
  return { parent: read(doc, path.slice(0, -1)), last };
}

function write(doc: unknown, path: string[], value: unknown, op: string): unknown {
  const { parent, last } = parentOf(doc, path);
  if (Array.isArray(parent)) {
    const index = last === "-" && op !== "replace" ? parent.length : indexOf(last, parent.length + (op === "replace" ? 0 : 1));
    if (index === undefined) throw failed();
    parent.splice(index, op === "replace" ? 1 : 0, value);
  } else if (isObject(parent)) setMember(parent, last, value);
  else throw failed();
  return doc;
}

function remove(doc: unknown, path: string[]): unknown {
  const { parent, last } = parentOf(doc, path);
  read(doc, path);
  if (Array.isArray(parent)) parent.splice(indexOf(last, parent.length)!, 1);
  else delete (parent as Record<string, unknown>)[last];
  return doc;
}

/** Upstream says no more: the patch is well formed but does not fit the object. */
const failed = (): ApiError => apiError("Invalid", "the server rejected our request due to an error in our request", {});
