import type { KeyRange } from "@flotilla/mvcc";
import type * as pb from "@flotilla/rpc/gen/etcd/rpc.ts";
import type { AuthCommand } from "../auth/commands.ts";
import { JwtTokens } from "../auth/jwt.ts";
import { tokenPrefix } from "../auth/simple-tokens.ts";
import type { AuthStore } from "../auth/store.ts";
import { type AuthInfo, PERMISSIONS, type Permission, ROOT } from "../auth/types.ts";
import { decode, type MessageName } from "../codec/tables.ts";
import type { Router, UnaryCall } from "../grpc/server.ts";
import { rpcError } from "../node/errors.ts";
import { type ApiContext, answering, linearizable, proposed, reply } from "./context.ts";

/** etcdserverpb.Auth: changes go through the log, questions are linearizable reads. */
export function serveAuth(router: Router, c: ApiContext): void {
  const { machine } = c.replica;
  const { passwords } = c.access.options;
  const method = (name: string, run: (request: Buffer, call: UnaryCall, who: AuthInfo) => Promise<void>) =>
    router.unary(`/etcdserverpb.Auth/${name}`, answering(c, run));

  /** A method that changes something: its request as a command. */
  const change = (name: string, commandOf: (request: Buffer) => AuthCommand | Promise<AuthCommand>) =>
    method(name, async (request, call, who) => {
      await proposed(c, who, "auth", Buffer.from(JSON.stringify(await commandOf(request))));
      reply(c, call, `Auth${name.replace("Auth", "")}Response` as MessageName, {});
    });
  /** A method that only asks. */
  const ask = (name: string, answer: (request: Buffer, auth: AuthStore, who: AuthInfo) => object) =>
    method(name, async (request, call, who) => {
      await linearizable(c);
      reply(c, call, `Auth${name.replace("Auth", "")}Response` as MessageName, answer(request, machine.auth, who));
    });
  const asAdmin = (name: string, answer: (request: Buffer, auth: AuthStore) => object) =>
    ask(name, (request, auth, who) => {
      auth.requireAdmin(who);
      return answer(request, auth);
    });

  change("AuthEnable", () => ({ op: "enable" }));
  change("AuthDisable", () => ({ op: "disable" }));
  asAdmin("AuthStatus", (_request, { enabled, revision }) => ({ enabled, authRevision: revision }));
  router.unary("/etcdserverpb.Auth/Authenticate", (request, call) => {
    authenticate(c, decode<pb.AuthenticateRequest>("AuthenticateRequest", request)).then(
      (token) => reply(c, call, "AuthenticateResponse", { token }),
      (error) => call.fail(error),
    );
  });

  change("UserAdd", async (request) => {
    const { name, password, options } = decode<pb.AuthUserAddRequest>("AuthUserAddRequest", request);
    if (name === "") throw rpcError("userEmpty");
    const noPassword = options?.noPassword ?? false;
    return { op: "user-add", name, hash: noPassword ? "" : await passwords.hash(password), noPassword };
  });
  change("UserChangePassword", async (request) => {
    const { name, password } = decode<pb.AuthUserChangePasswordRequest>("AuthUserChangePasswordRequest", request);
    return { op: "user-password", name, hash: password === "" ? "" : await passwords.hash(password) };
  });
  change("UserDelete", (r) => ({ op: "user-delete", name: decode<pb.AuthUserDeleteRequest>("AuthUserDeleteRequest", r).name }));
  change("UserGrantRole", (request) => {
    const { user, role } = decode<pb.AuthUserGrantRoleRequest>("AuthUserGrantRoleRequest", request);
    return { op: "user-grant", name: user, role };
  });
  change("UserRevokeRole", (request) => {
    const { name, role } = decode<pb.AuthUserRevokeRoleRequest>("AuthUserRevokeRoleRequest", request);
    return { op: "user-revoke", name, role };
  });
  ask("UserGet", (request, auth, who) => {
    const { name } = decode<pb.AuthUserGetRequest>("AuthUserGetRequest", request);
    // Everyone may look at themselves.
    if (who.user !== name || name === "") auth.requireAdmin(who);
    return { roles: auth.user(name).roles };
  });
  asAdmin("UserList", (_request, auth) => ({ users: auth.userNames() }));

  change("RoleAdd", (r) => ({ op: "role-add", role: decode<pb.AuthRoleAddRequest>("AuthRoleAddRequest", r).name }));
  change("RoleDelete", (r) => ({ op: "role-delete", role: decode<pb.AuthRoleDeleteRequest>("AuthRoleDeleteRequest", r).role }));
  change("RoleGrantPermission", (request) => {
    const { name, perm } = decode<pb.AuthRoleGrantPermissionRequest>("AuthRoleGrantPermissionRequest", request);
    return { op: "role-grant", role: name, permission: perm && permissionOf(perm) };
  });
  change("RoleRevokePermission", (request) => {
    const { role, key, rangeEnd } = decode<pb.AuthRoleRevokePermissionRequest>("AuthRoleRevokePermissionRequest", request);
    return { op: "role-revoke", role, ...rangeOf(key, rangeEnd) };
  });
  ask("RoleGet", (request, auth, who) => {
    const { role } = decode<pb.AuthRoleGetRequest>("AuthRoleGetRequest", request);
    // Everyone may look at the roles they have.
    if (!auth.findUser(who.user)?.roles.includes(role)) auth.requireAdmin(who);
    return { perm: auth.role(role).permissions.map(toWire) };
  });
  asAdmin("RoleList", (_request, auth) => ({ roles: auth.roleNames() }));
}

/** A token for a name and a password. @throws RpcError. */
async function authenticate(c: ApiContext, { name, password }: pb.AuthenticateRequest): Promise<string> {
  const { machine } = c.replica;
  const { passwords, tokens } = c.access.options;
  await linearizable(c);
  for (;;) {
    const { auth } = machine;
    if (!auth.enabled) throw rpcError("authNotEnabled");
    const { revision } = auth;
    const user = auth.findUser(name);
    if (user?.noPassword) throw rpcError("noPasswordUser");
    // An unknown name takes as long as a wrong password.
    const hash = user?.hash ?? auth.findUser(ROOT)?.hash ?? "";
    if (!(await passwords.matches(password, hash)) || !user) throw rpcError("authFailed");
    if (tokens instanceof JwtTokens) {
      if (machine.auth.revision === revision) return tokens.issue({ user: name, revision });
      continue;
    }
    const command: AuthCommand = { op: "authenticate", name, prefix: tokenPrefix(c.random) };
    const result = await proposed(c, { user: "", revision: 0 }, "auth", Buffer.from(JSON.stringify(command)));
    // The password may have been changed while it was being checked: then what was found out counts no more.
    if (machine.auth.revision === revision && result.kind === "token") return result.token;
  }
}

function permissionOf(perm: { permType: number; key: Buffer; rangeEnd: Buffer }): Permission {
  return { kind: PERMISSIONS[perm.permType] ?? "read", ...rangeOf(perm.key, perm.rangeEnd) };
}

const rangeOf = (key: Buffer, end: Buffer): KeyRange => ({
  key: key.toString("latin1"),
  end: end.length === 0 ? undefined : end.toString("latin1"),
});

const toWire = ({ kind, key, end }: Permission) => ({
  permType: PERMISSIONS.indexOf(kind),
  key: Buffer.from(key, "latin1"),
  rangeEnd: Buffer.from(end ?? "", "latin1"),
});
