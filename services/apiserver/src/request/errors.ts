import { ApiError, apiError, type ResourceDefinition } from "@flotilla/api";
import type { User } from "./call.ts";
import type { RequestInfo } from "./request-info.ts";

type Named = Pick<ResourceDefinition, "group" | "resource">;

/** "pods", "deployments.apps": how messages name a resource. */
export const qualified = ({ group, resource }: Named): string => (group === "" ? resource : `${resource}.${group}`);

const details = ({ group, resource }: Named, name: string) => ({
  ...(name === "" ? {} : { name }),
  ...(group === "" ? {} : { group }),
  kind: resource,
});

export const notFound = (def: Named, name: string): ApiError =>
  apiError("NotFound", `${qualified(def)} ${JSON.stringify(name)} not found`, details(def, name));

export const alreadyExists = (def: Named, name: string): ApiError =>
  apiError("AlreadyExists", `${qualified(def)} ${JSON.stringify(name)} already exists`, details(def, name));

export const conflict = (def: Named, name: string, why: string): ApiError =>
  apiError("Conflict", `Operation cannot be fulfilled on ${qualified(def)} ${JSON.stringify(name)}: ${why}`, details(def, name));

export const MODIFIED = "the object has been modified; please apply your changes to the latest version and try again";

export const forbidden = (def: Named, name: string, why: string): ApiError =>
  apiError("Forbidden", `${qualified(def)} ${JSON.stringify(name)} is forbidden: ${why}`, details(def, name));

/** Nothing is served under this path. Over HTTP it has no Status, as upstream: clients then say what they had asked for. */
export class NoSuchPath extends ApiError {
  constructor() {
    super(apiError("NotFound", "the server could not find the requested resource", {}).status);
  }
}

export const noSuchPath = (): ApiError => new NoSuchPath();

export const methodNotAllowed = (): ApiError =>
  apiError("MethodNotAllowed", "the server does not allow this method on the requested resource", {});

/** What RBAC's refusal looks like (apiserver's responsewriters.Forbidden). */
export function accessDenied(user: User, info: RequestInfo, reason: string): ApiError {
  if (!info.isResource) {
    return apiError(
      "Forbidden",
      `forbidden: User ${JSON.stringify(user.name)} cannot ${info.verb} path ${JSON.stringify(info.path)}${reason && `: ${reason}`}`,
      {},
    );
  }
  const resource = info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
  const scope = info.namespace === "" ? " at the cluster scope" : ` in the namespace ${JSON.stringify(info.namespace)}`;
  const subject = `${qualified(info)}${info.name === "" ? "" : ` ${JSON.stringify(info.name)}`} is forbidden`;
  const message = `${subject}: User ${JSON.stringify(user.name)} cannot ${info.verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(info.group)}${scope}`;
  return apiError("Forbidden", reason === "" ? message : `${message}: ${reason}`, details(info, info.name));
}
