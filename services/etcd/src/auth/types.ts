import type { Bytes, KeyRange } from "@flotilla/mvcc";

/** authpb.Permission.Type. */
export const PERMISSIONS = ["read", "write", "readwrite"] as const;
export type PermissionKind = (typeof PERMISSIONS)[number];

/** What a role may do with the keys of a range (`end` "\0": all from `key` on). */
export interface Permission extends KeyRange {
  readonly kind: PermissionKind;
}

export interface User {
  readonly name: string;
  /** A password hash (`passwords.ts`); empty for a user who comes by certificate only. */
  readonly hash: string;
  readonly noPassword: boolean;
  /** Sorted. */
  readonly roles: readonly string[];
}

export interface Role {
  readonly name: string;
  /** Sorted by key. */
  readonly permissions: readonly Permission[];
}

/** The user and the role that may do everything. */
export const ROOT = "root";

/**
 * Who asks: a user, and the revision of the auth store at which that was
 * established. A decision taken on older rights is refused, so that nothing is
 * done by rights that have been withdrawn meanwhile.
 */
export interface AuthInfo {
  readonly user: string;
  readonly revision: number;
}

export const NOBODY: AuthInfo = { user: "", revision: 0 };

/** Everything from the first key on: what the root role holds. */
export const EVERYTHING: Permission = { kind: "readwrite", key: "" as Bytes, end: "\0" };
