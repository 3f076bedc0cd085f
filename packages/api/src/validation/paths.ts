/** Paths in volumes, mounts and profiles. */
import type { FieldErrors } from "../field-error.ts";

const MODE_MAX = 0o777;
export const ABSOLUTE = "must be an absolute path";

export function noBacksteps(path: string, field: string, errors: FieldErrors): void {
  if (path.split("/").includes("..")) errors.invalid(field, path, "must not contain '..'");
}

/** Somewhere below wherever it is put. */
export function descendingPath(path: string, field: string, errors: FieldErrors): void {
  if (path.startsWith("/")) errors.invalid(field, path, "must be a relative path");
  noBacksteps(path, field, errors);
}

/** The kubelet keeps names that begin with ".." for itself. */
export function nonReservedPath(path: string, field: string, errors: FieldErrors): void {
  descendingPath(path, field, errors);
  if (path.startsWith("..") && !path.startsWith("../")) errors.invalid(field, path, "must not start with '..'");
}

export function validateMode(mode: number | undefined, field: string, errors: FieldErrors): void {
  if (mode === undefined || (mode >= 0 && mode <= MODE_MAX)) return;
  errors.invalid(field, mode, "must be a number between 0 and 0777 (octal), both inclusive");
}

export interface KeyToPath {
  key: string;
  path: string;
  mode?: number;
}

export function validateItems(items: readonly KeyToPath[] | undefined, field: string, errors: FieldErrors): void {
  (items ?? []).forEach((item, index) => {
    const at = `${field}[${index}]`;
    if (!item.key) errors.required(`${at}.key`);
    if (!item.path) errors.required(`${at}.path`);
    nonReservedPath(item.path ?? "", `${at}.path`, errors);
    validateMode(item.mode, `${at}.mode`, errors);
  });
}
