import type { KeyRange } from "@flotilla/mvcc";
import { rpcError } from "../node/errors.ts";
import { covers, isGrantable, type Rights, rightsOf } from "./permissions.ts";
import { type AuthInfo, EVERYTHING, type Permission, ROOT, type Role, type User } from "./types.ts";

/** The store's replicated part of authentication, as snapshots hold it. */
export interface AuthState {
  readonly enabled: boolean;
  readonly revision: number;
  readonly users: readonly User[];
  readonly roles: readonly Role[];
}

/**
 * Users, roles and what they may do. Changed by commands only (`commands.ts`),
 * the same on every member. Invariants:
 *  1. revision grows with every change of users, roles or rights
 *  2. while enabled, root exists and has the root role
 *
 * All methods throw RpcError with etcd's code and message.
 */
export class AuthStore {
  enabled = false;
  revision = 1;
  private readonly users = new Map<string, User>();
  private readonly roles = new Map<string, Role>();
  /** user → rights, worked out when first needed after a change. */
  private readonly rights = new Map<string, Rights>();

  /** @throws permission denied, user name is empty, revision of auth store is old. */
  requireRead(who: AuthInfo, range: KeyRange): void {
    this.require(who, range, "read");
  }

  requireWrite(who: AuthInfo, range: KeyRange): void {
    this.require(who, range, "write");
  }

  requireAdmin(who: AuthInfo): void {
    if (!this.enabled) return;
    this.requireUser(who);
    if (!this.isRoot(who.user)) throw rpcError("permissionDenied");
  }

  /** Somebody, whoever it is. */
  requireUser(who: AuthInfo): void {
    if (this.enabled && who.user === "") throw rpcError("userEmpty");
  }

  enable(): void {
    if (this.enabled) return;
    const root = this.users.get(ROOT);
    if (!root) throw rpcError("rootUserNotExist");
    if (!root.roles.includes(ROOT)) throw rpcError("rootRoleNotExist");
    this.enabled = true;
  }

  disable(): void {
    if (!this.enabled) return;
    this.enabled = false;
    this.changed();
  }

  user(name: string): User {
    const user = this.users.get(name);
    if (!user) throw rpcError("userNotFound");
    return user;
  }

  findUser(name: string): User | undefined {
    return this.users.get(name);
  }

  userNames(): string[] {
    return [...this.users.keys()].sort();
  }

  addUser(name: string, hash: string, noPassword: boolean): void {
    if (name === "") throw rpcError("userEmpty");
    if (this.users.has(name)) throw rpcError("userExists");
    this.setUser({ name, hash, noPassword, roles: [] });
  }

  deleteUser(name: string): void {
    if (this.enabled && name === ROOT) throw rpcError("invalidAuthMgmt");
    this.user(name);
    this.users.delete(name);
    this.changed();
  }

  changePassword(name: string, hash: string): void {
    this.setUser({ ...this.user(name), hash, noPassword: hash === "" });
  }

  grantRole(name: string, role: string): void {
    const user = this.user(name);
    // The root role needs no entry of its own: it may do everything.
    if (role !== ROOT) this.role(role);
    if (user.roles.includes(role)) return;
    this.setUser({ ...user, roles: [...user.roles, role].sort() });
  }

  revokeRole(name: string, role: string): void {
    if (this.enabled && name === ROOT && role === ROOT) throw rpcError("invalidAuthMgmt");
    const user = this.user(name);
    if (!user.roles.includes(role)) throw rpcError("roleNotGranted");
    this.setUser({ ...user, roles: user.roles.filter((r) => r !== role) });
  }

  role(name: string): Role {
    const role = this.roles.get(name);
    if (!role) throw rpcError("roleNotFound");
    return name === ROOT ? { name, permissions: [EVERYTHING] } : role;
  }

  roleNames(): string[] {
    return [...this.roles.keys()].sort();
  }

  addRole(name: string): void {
    if (name === "") throw rpcError("roleEmpty");
    if (this.roles.has(name)) throw rpcError("roleExists");
    this.setRole({ name, permissions: [] });
  }

  deleteRole(name: string): void {
    if (this.enabled && name === ROOT) throw rpcError("invalidAuthMgmt");
    this.role(name);
    this.roles.delete(name);
    for (const user of this.users.values()) {
      if (user.roles.includes(name)) this.users.set(user.name, { ...user, roles: user.roles.filter((r) => r !== name) });
    }
    this.changed();
  }

  /** A permission on exactly this range replaces the one before. */
  grantPermission(name: string, permission: Permission | undefined): void {
    if (!permission) throw rpcError("permissionNotGiven");
    if (!isGrantable(permission)) throw rpcError("invalidAuthMgmt");
    this.role(name);
    const role = this.roles.get(name)!;
    const others = role.permissions.filter((p) => !sameRange(p, permission));
    this.setRole({ name, permissions: [...others, permission].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)) });
  }

  revokePermission(name: string, range: KeyRange): void {
    this.role(name);
    const role = this.roles.get(name)!;
    const permissions = role.permissions.filter((p) => !sameRange(p, range));
    if (permissions.length === role.permissions.length) throw rpcError("permissionNotGranted");
    this.setRole({ name, permissions });
  }

  export(): AuthState {
    const users = this.userNames().map((name) => this.users.get(name)!);
    const roles = this.roleNames().map((name) => this.roles.get(name)!);
    return { enabled: this.enabled, revision: this.revision, users, roles };
  }

  static from(state: AuthState | undefined): AuthStore {
    const store = new AuthStore();
    if (!state) return store;
    for (const user of state.users) store.users.set(user.name, user);
    for (const role of state.roles) store.roles.set(role.name, role);
    store.enabled = state.enabled;
    store.revision = state.revision;
    return store;
  }

  private require(who: AuthInfo, range: KeyRange, what: keyof Rights): void {
    if (!this.enabled) return;
    if (who.revision === 0) throw rpcError("userEmpty");
    if (who.revision < this.revision) throw rpcError("authOldRevision");
    if (this.isRoot(who.user)) return;
    if (!covers(this.rightsOf(who.user)[what], range)) throw rpcError("permissionDenied");
  }

  private isRoot(name: string): boolean {
    return this.users.get(name)?.roles.includes(ROOT) ?? false;
  }

  private rightsOf(name: string): Rights {
    let rights = this.rights.get(name);
    if (!rights) {
      const roles = this.users.get(name)?.roles ?? [];
      rights = rightsOf(roles.flatMap((r) => this.roles.get(r)?.permissions ?? []));
      this.rights.set(name, rights);
    }
    return rights;
  }

  private setUser(user: User): void {
    this.users.set(user.name, user);
    this.changed();
  }

  private setRole(role: Role): void {
    this.roles.set(role.name, role);
    this.changed();
  }

  private changed(): void {
    this.revision++;
    this.rights.clear();
  }
}

const sameRange = (a: KeyRange, b: KeyRange) => a.key === b.key && a.end === b.end;
