import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LinuxContainerSecurityContext } from "@flotilla/rpc/gen/cri/v1/api.ts";
import { criErrors } from "../errors.ts";

export interface User {
  uid: number;
  gid: number;
  groups: number[];
}

/**
 * Who a container runs as: the security context wins over the image's user;
 * a number's primary group and a name's number come from the image's /etc/passwd.
 */
export function resolveUser(rootfs: string, imageUser: string, context: LinuxContainerSecurityContext | undefined): User {
  const chosen = context?.runAsUser ? String(context.runAsUser.value) : context?.runAsUsername || imageUser || "0";
  const [name = "0", group] = chosen.split(":");
  const entry = lookup(join(rootfs, "etc/passwd"), name);
  const uid = /^\d+$/.test(name) ? Number(name) : Number(entry?.[2]);
  if (!Number.isInteger(uid)) throw criErrors.invalid(`unable to find user ${name}: no matching entries in passwd file`);
  const gid = context?.runAsGroup
    ? context.runAsGroup.value
    : group === undefined
      ? Number(entry?.[3] ?? 0)
      : /^\d+$/.test(group)
        ? Number(group)
        : Number(lookup(join(rootfs, "etc/group"), group)?.[2]);
  if (!Number.isInteger(gid)) throw criErrors.invalid(`unable to find group ${group}: no matching entries in group file`);
  return { uid, gid, groups: context?.supplementalGroups ?? [] };
}

/** The line of a passwd(5) or group(5) file whose name or number is `key`. */
function lookup(file: string, key: string): string[] | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const lines = text.split("\n").map((line) => line.split(":"));
  return lines.find((fields) => fields[0] === key) ?? lines.find((fields) => fields[2] === key);
}
