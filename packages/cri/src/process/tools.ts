import { accessSync, constants } from "node:fs";
import { criErrors } from "../errors.ts";

const FOLDERS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];
/** What child processes of the adapter itself get: never the adapter's own environment. */
export const TOOL_ENV = { PATH: FOLDERS.join(":"), LC_ALL: "C" };

const found = new Map<string, string>();

/** @throws a CriError that names the package when a program of util-linux, coreutils or iproute2 is missing. */
export function tool(name: string): string {
  const before = found.get(name);
  if (before) return before;
  for (const folder of FOLDERS) {
    const path = `${folder}/${name}`;
    if (!isExecutable(path)) continue;
    found.set(name, path);
    return path;
  }
  throw criErrors.failed(`program "${name}" not found`, `looked in ${FOLDERS.join(", ")}; it is part of util-linux, coreutils or iproute2`);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
