/** RFC 6902 on plain JSON, with the error texts that upstream's library gives. */
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

/** Works on (and may return) `document` itself. @throws ApiError BadRequest for a malformed patch, Invalid where it does not apply. */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw apiError("BadRequest", "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  if (patch.length > OPERATIONS_MAX) {
    throw apiError("RequestEntityTooLarge", `The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${patch.length}`);
  }
  const copied = { bytes: 0 };
  return patch.reduce((doc, operation) => apply(doc, operation as Operation, copied), document);
}

function apply(doc: unknown, operation: Operation, copied: { bytes: number }): unknown {
  if (!isObject(operation) || typeof operation.path !== "string") throw apiError("BadRequest", "error decoding patch: missing path");
  const path = pointer(operation.path);
  switch (operation.op) {
    case "add":
      return write(doc, path, operation.value, "add");
    case "replace":
      read(doc, path, `replace operation does not apply: doc is missing key: ${operation.path}`);
      return write(doc, path, operation.value, "replace");
    case "remove":
      return remove(doc, path, operation.path);
    case "test": {
      const found = find(doc, path);
      if (!jsonEqual(found.value ?? null, operation.value ?? null)) throw failed(`testing value ${operation.path} failed: test failed`);
      return doc;
    }
    case "copy":
    case "move": {
      const from = pointer(operation.from ?? "");
      const source = read(doc, from, `${operation.op} operation does not apply: doc is missing from path: ${operation.from}`);
      if (operation.op === "copy") countCopy(copied, source);
      const value = cloneJson(source);
      const rest = operation.op === "move" ? remove(doc, from, operation.from ?? "") : doc;
      return write(rest, path, value, operation.op);
    }
    default:
      throw apiError("BadRequest", `Unexpected kind: ${operation.op}`);
  }
}

function countCopy(copied: { bytes: number }, value: unknown): void {
  copied.bytes += (JSON.stringify(value) ?? "").length;
  if (copied.bytes <= COPIED_BYTES_MAX) return;
  const why = `the accumulated size increase of copy is ${copied.bytes}, exceeding the limit ${COPIED_BYTES_MAX}`;
  throw failed(`Unable to complete the copy, ${why}`);
}

/** RFC 6901. */
function pointer(text: string): string[] {
  if (text === "") return [];
  if (!text.startsWith("/")) throw apiError("BadRequest", `error decoding patch: invalid path ${JSON.stringify(text)}`);
  return text
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function find(doc: unknown, path: string[]): { found: boolean; value?: unknown } {
  let at: unknown = doc;
  for (const part of path) {
    if (Array.isArray(at)) {
      const index = Number(part);
      if (!/^\d+$/.test(part) || index >= at.length) return { found: false };
      at = at[index];
    } else if (isObject(at) && Object.hasOwn(at, part)) at = at[part];
    else return { found: false };
  }
  return { found: true, value: at };
}

function read(doc: unknown, path: string[], problem: string): unknown {
  const { found, value } = find(doc, path);
  if (!found) throw failed(`${problem}: missing value`);
  return value;
}

function write(doc: unknown, path: string[], value: unknown, op: string): unknown {
  if (path.length === 0) return value;
  const last = path.at(-1)!;
  const parent = read(doc, path.slice(0, -1), `${op} operation does not apply: doc is missing path: /${path.join("/")}`);
  if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : Number(last);
    if (last !== "-" && (!/^\d+$/.test(last) || index > parent.length))
      throw failed(`${op} operation does not apply: index out of bounds: ${last}`);
    parent.splice(index, op === "replace" ? 1 : 0, value);
  } else if (isObject(parent)) setMember(parent, last, value);
  else throw failed(`${op} operation does not apply: doc is missing path: /${path.join("/")}: missing value`);
  return doc;
}

function remove(doc: unknown, path: string[], text: string): unknown {
  read(doc, path, `remove operation does not apply: doc is missing path: ${text}`);
  const parent = find(doc, path.slice(0, -1)).value;
  if (Array.isArray(parent)) parent.splice(Number(path.at(-1)), 1);
  else delete (parent as Record<string, unknown>)[path.at(-1)!];
  return doc;
}

/** Upstream answers 422 without causes: the patch is well formed but does not fit the object. */
function failed(problem: string): ApiError {
  return apiError("Invalid", `the server rejected our request due to an error in our request: ${problem}`);
}
