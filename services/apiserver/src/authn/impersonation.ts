import { type ApiError, apiError } from "@flotilla/api";
import { checkOf } from "../authz/attributes.ts";
import type { Authorizer } from "../authz/authorizer.ts";
import type { Credentials, User } from "../request/call.ts";
import { accessDenied } from "../request/errors.ts";
import { ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED } from "./authenticator.ts";

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/**
 * The user that Impersonate-* headers name, if the caller may be each part of it.
 * @throws ApiError Forbidden
 */
export function impersonate(authorizer: Authorizer, caller: User, wanted: NonNullable<Credentials["impersonate"]>): User {
  if (wanted.user === "") throw nobody(wanted);
  const check = (what: Parameters<typeof checkOf>[2]) => {
    const attributes = checkOf(caller, "impersonate", what);
    const decision = authorizer.authorize(attributes);
    if (!decision.allowed) throw accessDenied(caller, { ...attributes, rest: "" }, decision.reason);
  };
  const [, namespace, account] = SERVICE_ACCOUNT.exec(wanted.user) ?? [];
  if (namespace && account) check({ resource: "serviceaccounts", namespace, name: account });
  else check({ resource: "users", name: wanted.user });
  if (wanted.uid) check({ group: "authentication.k8s.io", resource: "uids", name: wanted.uid });
  for (const name of wanted.groups) check({ resource: "groups", name });
  for (const [key, values] of Object.entries(wanted.extra)) {
    for (const name of values) check({ group: "authentication.k8s.io", resource: "userextras", subresource: key, name });
  }
  const groups = [...wanted.groups];
  if (namespace && groups.length === 0) groups.push("system:serviceaccounts", `system:serviceaccounts:${namespace}`);
  if (wanted.user === ANONYMOUS.name) {
    if (!groups.includes(UNAUTHENTICATED)) groups.push(UNAUTHENTICATED);
  } else if (!groups.includes(AUTHENTICATED) && !groups.includes(UNAUTHENTICATED)) groups.push(AUTHENTICATED);
  return { name: wanted.user, groups, extra: wanted.extra, ...(wanted.uid ? { uid: wanted.uid } : {}) };
}

/** Groups, a uid or extra fields of nobody: to go on as the caller would not be what was asked for. */
function nobody({ groups, uid, extra }: NonNullable<Credentials["impersonate"]>): ApiError {
  const references = [
    ...groups.map((name) => `{Group  ${name}    }`),
    ...Object.entries(extra).flatMap(([key, values]) => values.map((value) => `{UserExtra  ${value}    ${key}}`)),
    ...(uid ? [`{UID  ${uid}    }`] : []),
  ];
  return apiError("InternalError", `Internal error occurred: requested [${references.join(" ")}] without impersonating a user`);
}
