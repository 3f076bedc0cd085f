import type { KeyRange } from "@flotilla/mvcc";
import type { AuthStore } from "./store.ts";
import type { AuthInfo, Permission } from "./types.ts";

/** A change of users, roles and rights, as the log holds it (JSON). Passwords are hashed before they come here. */
export type AuthCommand =
  | { op: "enable" }
  | { op: "disable" }
  | { op: "authenticate"; name: string; prefix: string }
  | { op: "user-add"; name: string; hash: string; noPassword: boolean }
  | { op: "user-delete"; name: string }
  | { op: "user-password"; name: string; hash: string }
  | { op: "user-grant"; name: string; role: string }
  | { op: "user-revoke"; name: string; role: string }
  | { op: "role-add"; role: string }
  | { op: "role-delete"; role: string }
  | { op: "role-grant"; role: string; permission: Permission | undefined }
  | ({ op: "role-revoke"; role: string } & KeyRange);

/**
 * Where tokens live: beside the replicated state, since they are worth nothing
 * after their time and a client that lost one gets another.
 */
export interface TokenSink {
  assign(token: string, user: string): void;
  invalidateUser(user: string): void;
  clear(): void;
}

/** Applies one command at log index `index`. Returns the token that Authenticate gave out, else "". @throws RpcError. */
export function applyAuth(store: AuthStore, c: AuthCommand, who: AuthInfo, index: number, tokens: TokenSink | undefined): string {
  if (c.op === "authenticate") {
    // The index tells a member that is behind to wait until it knows the token, too.
    const token = `${c.prefix}.${index}`;
    tokens?.assign(token, c.name);
    return token;
  }
  store.requireAdmin(who);
  switch (c.op) {
    case "enable":
      store.enable();
      break;
    case "disable":
      store.disable();
      tokens?.clear();
      break;
    case "user-add":
      store.addUser(c.name, c.hash, c.noPassword);
      break;
    case "user-delete":
      store.deleteUser(c.name);
      tokens?.invalidateUser(c.name);
      break;
    case "user-password":
      store.changePassword(c.name, c.hash);
      tokens?.invalidateUser(c.name);
      break;
    case "user-grant":
      store.grantRole(c.name, c.role);
      break;
    case "user-revoke":
      store.revokeRole(c.name, c.role);
      break;
    case "role-add":
      store.addRole(c.role);
      break;
    case "role-delete":
      store.deleteRole(c.role);
      break;
    case "role-grant":
      store.grantPermission(c.role, c.permission);
      break;
    case "role-revoke":
      store.revokePermission(c.role, { key: c.key, end: c.end });
  }
  return "";
}
