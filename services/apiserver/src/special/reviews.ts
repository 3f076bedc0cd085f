import { apiError, decodeBody, FieldErrors, invalidError, type KubeObject, type ResourceDefinition } from "@flotilla/api";
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
    fieldSelector?: { rawSelector?: string; requirements?: { key?: string; operator?: string; values?: string[] }[] };
  };
  nonResourceAttributes?: { path?: string; verb?: string };
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

const AUTHORIZATION = "authorization.k8s.io";
const AUTHENTICATION = "authentication.k8s.io";

/** The kinds that are questions: nothing is stored, the answer is the status of the reply. */
export function reviews(authorizer: Authorizer, authenticator: Authenticator): [string, Operation][] {
  const access = (
    userOf: (call: Call, spec: AccessSpec) => User,
    checkSpec: (spec: AccessSpec, namespace: string, errors: FieldErrors) => void,
  ): Operation =>
    review((call, object, def) => {
      const spec = (object["spec"] ?? {}) as AccessSpec;
      const errors = new FieldErrors();
      checkTarget(spec, errors);
      checkSpec(spec, call.info.namespace, errors);
      if (!errors.empty) throw invalidError(AUTHORIZATION, def.kind, "", errors);
      return { ...object, status: accessStatus(authorizer, userOf(call, spec), spec) };
    });
  const caller = (call: Call) => call.user;
  const named = (_call: Call, { user = "", groups = [], uid, extra }: AccessSpec): User => ({
    name: user,
    groups,
    ...(uid ? { uid } : {}),
    ...(extra ? { extra } : {}),
  });
  return [
    [`${AUTHORIZATION}/selfsubjectaccessreviews:create`, access(caller, () => {})],
    [`${AUTHORIZATION}/subjectaccessreviews:create`, access(named, checkSubject)],
    [`${AUTHORIZATION}/localsubjectaccessreviews:create`, access(named, checkLocal)],
    [
      `${AUTHORIZATION}/selfsubjectrulesreviews:create`,
      review((call, object) => ({ ...object, status: rulesStatus(authorizer, call.user, object) })),
    ],
    [`${AUTHENTICATION}/selfsubjectreviews:create`, review((call, object) => ({ ...object, status: { userInfo: userInfo(call.user) } }))],
    [`${AUTHENTICATION}/tokenreviews:create`, review((_call, object) => tokenStatus(authenticator, object))],
  ];
}

function checkTarget({ resourceAttributes, nonResourceAttributes }: AccessSpec, errors: FieldErrors): void {
  if (resourceAttributes && nonResourceAttributes) {
    errors.invalid("spec.nonResourceAttributes", nonResourceAttributes, "cannot be specified in combination with resourceAttributes");
  }
  if (!resourceAttributes && !nonResourceAttributes) {
    errors.invalid("spec.resourceAttributes", null, "exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
}

function checkSubject({ user, groups }: AccessSpec, _namespace: string, errors: FieldErrors): void {
  if (!user && !groups?.length) errors.invalid("spec.user", user ?? "", "at least one of user or group must be specified");
}

/** A question about one namespace is asked in it. */
function checkLocal(spec: AccessSpec, namespace: string, errors: FieldErrors): void {
  checkSubject(spec, namespace, errors);
  const { resourceAttributes: resource, nonResourceAttributes } = spec;
  if (resource && resource.namespace !== namespace) {
    errors.invalid("spec.resourceAttributes.namespace", resource.namespace ?? "", "must match metadata.namespace");
  }
  if (nonResourceAttributes) errors.invalid("spec.nonResourceAttributes", nonResourceAttributes, "disallowed on this kind of request");
}

function review(answer: (call: Call, object: KubeObject, def: ResourceDefinition) => KubeObject | Promise<KubeObject>): Operation {
  return async (_kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> => {
    const { object, warnings } = decodeBody(def, await call.body(), decodeOptionsOf(call, writeOptions(call)));
    call.warnings.push(...warnings);
    object.metadata ??= {};
    return { type: "object", code: 201, definition: def, object: await answer(call, object, def) };
  };
}

/** As a request would ask for it (KEP-4601); what is no equality narrows further, and is left out. */
function selectorOf(selector: NonNullable<AccessSpec["resourceAttributes"]>["fieldSelector"]): string | undefined {
  if (selector?.rawSelector) return selector.rawSelector;
  const equalities = (selector?.requirements ?? []).filter(({ operator, values }) => operator === "In" && values?.length === 1);
  return equalities.map(({ key = "", values }) => `${key}=${values![0]}`).join(",") || undefined;
}

function accessStatus(authorizer: Authorizer, user: User, spec: AccessSpec): object {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  const attributes: Attributes = {
    user,
    verb: (resource ?? path)?.verb ?? "",
    group: resource?.group ?? "",
    version: resource?.version ?? "",
    resource: resource?.resource ?? "",
    subresource: resource?.subresource ?? "",
    namespace: resource?.namespace ?? "",
    name: resource?.name ?? "",
    path: path?.path ?? "",
    isResource: resource !== undefined,
    fieldSelector: selectorOf(resource?.fieldSelector),
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
  if (namespace === "") throw apiError("BadRequest", "no namespace on request");
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
  if (token === "") throw apiError("BadRequest", "token is required for TokenReview in authentication");
  const found = await authenticator.token(token, audiences?.length ? audiences : undefined);
  const status = found
    ? { authenticated: true, user: userInfo(found.user), audiences: found.audiences }
    : { user: {}, error: "[invalid bearer token, token lookup failed]" };
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
