import { apiError, decodeBody, type KubeObject, type ResourceDefinition } from "@flotilla/api";
import type { Authenticator } from "../authn/authenticator.ts";
import type { Attributes, Authorizer } from "../authz/authorizer.ts";
import { decodeOptionsOf } from "../registry/create.ts";
import type { Operation } from "../registry/dispatch.ts";
import type { Kernel } from "../registry/kernel.ts";
import { writeOptions } from "../registry/options.ts";
import type { Call, Reply, User } from "../request/call.ts";

interface AccessSpec {
  resourceAttributes?: {
    namespace?: string;
    verb?: string;
    group?: string;
    version?: string;
    resource?: string;
    subresource?: string;
    name?: string;
  };
  nonResourceAttributes?: { path?: string; verb?: string };
  user?: string;
  groups?: string[];
  uid?: string;
}

const AUTHORIZATION = "authorization.k8s.io";
const AUTHENTICATION = "authentication.k8s.io";

/** The kinds that are questions: nothing is stored, the answer is the status of the reply. */
export function reviews(authorizer: Authorizer, authenticator: Authenticator): [string, Operation][] {
  const access = (userOf: (call: Call, spec: AccessSpec) => User): Operation =>
    review((call, object) => {
      const spec = (object["spec"] ?? {}) as AccessSpec;
      return { ...object, status: accessStatus(authorizer, userOf(call, spec), spec, call.info.namespace) };
    });
  const caller = (call: Call) => call.user;
  const named = (_call: Call, spec: AccessSpec): User => {
    if (!spec.user && !spec.groups?.length)
      throw apiError("Invalid", "spec.user: Required value: at least one of user or group must be specified");
    return { name: spec.user ?? "", groups: spec.groups ?? [], ...(spec.uid ? { uid: spec.uid } : {}) };
  };
  return [
    [`${AUTHORIZATION}/selfsubjectaccessreviews:create`, access(caller)],
    [`${AUTHORIZATION}/subjectaccessreviews:create`, access(named)],
    [`${AUTHORIZATION}/localsubjectaccessreviews:create`, access(named)],
    [
      `${AUTHORIZATION}/selfsubjectrulesreviews:create`,
      review((call, object) => ({ ...object, status: rulesStatus(authorizer, call.user, object) })),
    ],
    [`${AUTHENTICATION}/selfsubjectreviews:create`, review((call, object) => ({ ...object, status: { userInfo: userInfo(call.user) } }))],
    [`${AUTHENTICATION}/tokenreviews:create`, review((_call, object) => tokenStatus(authenticator, object))],
  ];
}

function review(answer: (call: Call, object: KubeObject) => KubeObject | Promise<KubeObject>): Operation {
  return async (_kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> => {
    const { object, warnings } = decodeBody(def, await call.body(), decodeOptionsOf(call, writeOptions(call)));
    call.warnings.push(...warnings);
    object.metadata ??= {};
    return { type: "object", code: 201, definition: def, object: await answer(call, object) };
  };
}

function accessStatus(authorizer: Authorizer, user: User, spec: AccessSpec, localNamespace: string): object {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (!resource === !path) {
    throw apiError(
      "Invalid",
      "spec.resourceAttributes: Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified",
    );
  }
  const attributes: Attributes = {
    user,
    verb: (resource ?? path)?.verb ?? "",
    group: resource?.group ?? "",
    version: resource?.version ?? "",
    resource: resource?.resource ?? "",
    subresource: resource?.subresource ?? "",
    namespace: resource?.namespace ?? localNamespace,
    name: resource?.name ?? "",
    path: path?.path ?? "",
    isResource: resource !== undefined,
  };
  const decision = authorizer.authorize(attributes);
  return {
    allowed: decision.allowed,
    ...(!decision.allowed && decision.denied ? { denied: true } : {}),
    ...(decision.reason ? { reason: decision.reason } : {}),
  };
}

function rulesStatus(authorizer: Authorizer, user: User, object: KubeObject): object {
  const { namespace = "" } = (object["spec"] ?? {}) as { namespace?: string };
  const rules = authorizer.rulesFor(user, namespace);
  return {
    resourceRules: rules
      .filter(({ resources }) => resources)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames?.length ? { resourceNames } : {}),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs?.length)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}

async function tokenStatus(authenticator: Authenticator, object: KubeObject): Promise<KubeObject> {
  const { token = "", audiences } = (object["spec"] ?? {}) as { token?: string; audiences?: string[] };
  const user = await authenticator.token(token, audiences?.length ? audiences : undefined);
  const status = user
    ? { authenticated: true, user: userInfo(user), ...(audiences?.length ? { audiences } : {}) }
    : { user: {}, error: "[invalid bearer token]" };
  return { ...object, status };
}

function userInfo(user: User): object {
  return {
    username: user.name,
    ...(user.uid ? { uid: user.uid } : {}),
    groups: user.groups,
    ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
  };
}
