import { type ApiError, apiError, FieldErrors, type FieldValidation, invalidError } from "@flotilla/api";
import type { Call } from "../request/call.ts";
import { isTrue } from "../request/request-info.ts";

export interface WriteOptions {
  dryRun: boolean;
  manager: string;
  fieldValidation: FieldValidation;
  force: boolean;
}

const FIELD_VALIDATIONS: readonly string[] = ["Ignore", "Strict", "Warn"] satisfies FieldValidation[];
const MANAGER_BYTES_MAX = 128;
const KINDS: Record<string, string> = { create: "CreateOptions", update: "UpdateOptions", patch: "PatchOptions" };

/** Options are meta.k8s.io objects without a name. */
export const invalidOptions = (kind: string, errors: FieldErrors): ApiError => invalidError("meta.k8s.io", kind, "", errors);

/** What the query says of a write; `apply`: a server-side apply, which must name its manager. @throws ApiError Invalid */
export function writeOptions(call: Call, apply = false): WriteOptions {
  const { query, info } = call;
  const validation = query.get("fieldValidation") ?? "";
  const manager = query.get("fieldManager") ?? "";
  const force = query.get("force");
  const dryRun = query.getAll("dryRun");
  // Most requests say nothing that could be wrong.
  if (dryRun.length > 0 || validation !== "" || manager !== "" || force !== null || apply) {
    const errors = new FieldErrors();
    if (info.verb === "patch" && force !== null && !apply) errors.forbidden("force", "may not be specified for non-apply patch");
    if (apply && manager === "") errors.required("fieldManager", "is required for apply patch");
    checkManager(manager, errors);
    checkDryRun(dryRun, errors);
    if (validation !== "" && !FIELD_VALIDATIONS.includes(validation)) {
      errors.notSupported("fieldValidation", validation, ["", ...FIELD_VALIDATIONS]);
    }
    if (!errors.empty) throw invalidOptions(KINDS[info.verb] ?? "DeleteOptions", errors);
  }
  return {
    dryRun: dryRun.length > 0,
    manager: manager || managerOf(call.userAgent),
    fieldValidation: (validation || "Warn") as FieldValidation,
    force: isTrue(force),
  };
}

export function checkDryRun(values: readonly string[], errors: FieldErrors): void {
  if (values.some((value) => value !== "All")) errors.notSupported("dryRun", values, ["All"]);
}

/** Characters as Go's unicode.IsPrint has them. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

function checkManager(manager: string, errors: FieldErrors): void {
  if (Buffer.byteLength(manager) > MANAGER_BYTES_MAX) errors.tooLong("fieldManager", MANAGER_BYTES_MAX);
  const found = UNPRINTABLE.exec(manager);
  if (!found) return;
  const code = found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  const at = Buffer.byteLength(manager.slice(0, found.index));
  errors.invalid("fieldManager", manager, `invalid character U+${code} (at position ${at})`);
}

/** The user agent's first word stands for a manager that did not name itself. */
function managerOf(userAgent: string): string {
  return (userAgent.split("/")[0] || "unknown").slice(0, MANAGER_BYTES_MAX);
}

/** An integer of the query. @throws ApiError BadRequest in Go's words */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const wrong = (why: string) => apiError("BadRequest", `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`);
  if (!/^[+-]?\d+$/.test(text)) throw wrong("invalid syntax");
  const value = BigInt(text.replace("+", ""));
  if (value !== BigInt.asIntN(64, value)) throw wrong("value out of range");
  return Number(value);
}
