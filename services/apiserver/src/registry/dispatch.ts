import type { ResourceDefinition, SubresourceDefinition } from "@flotilla/api";
import { negotiate } from "../http/negotiate.ts";
import type { Call, Reply } from "../request/call.ts";
import { methodNotAllowed, noSuchPath } from "../request/errors.ts";
import { create } from "./create.ts";
import { remove, removeCollection } from "./delete.ts";
import { get } from "./get.ts";
import type { Kernel } from "./kernel.ts";
import { list } from "./list.ts";
import { patch } from "./patch.ts";
import { update } from "./update.ts";
import { watch } from "./watch.ts";

export type Operation = (kernel: Kernel, call: Call, def: ResourceDefinition) => Promise<Reply>;

/** What a kind or subresource does that no generic operation does: by "resource/subresource" or "resource", with its group. */
export type SpecialOperations = ReadonlyMap<string, Operation>;

const GENERIC: Record<string, Operation> = { get, list, watch, create, update, patch, delete: remove, deletecollection: removeCollection };

/** Empty segments and dots: a path that could be read in two ways leads nowhere. */
const UNCLEAN = /\/(?:\/|\.{1,2}(?:\/|$))/;

/** The one path from a resource request to its operation. */
export async function dispatch(kernel: Kernel, special: SpecialOperations, call: Call): Promise<Reply> {
  const { info } = call;
  // What follows …/proxy is another server's.
  if (UNCLEAN.test(info.path) && info.subresource !== "proxy") throw noSuchPath();
  const def = kernel.definitions.find(info.group, info.version, info.resource);
  if (!def || info.name.includes("/") || info.namespace.includes("/")) throw noSuchPath();
  const namespace = def.namespaced ? info.namespace : "";
  const clusterObject = !def.namespaced && info.namespace !== "" && info.resource !== "namespaces";
  const nameWithoutNamespace = def.namespaced && info.namespace === "" && info.name !== "";
  if (clusterObject || nameWithoutNamespace) throw noSuchPath();
  checkAcceptable(call, def);
  if (def.deprecation) call.warnings.push(def.deprecation);
  // "/api/v1/namespaces/x" names namespace x for authorization; the object itself lives in none.
  const scoped: Call = info.namespace === namespace ? call : withNamespace(call, namespace);
  return operationOf(special, scoped, def)(kernel, scoped, def);
}

/** An answer that the client won't take is refused before anything is written. */
function checkAcceptable({ accept, info }: Call, def: ResourceDefinition): void {
  if (info.subresource === "") negotiate(accept, def.custom === undefined, def.verbs.includes("get") || def.verbs.includes("list"));
}

function withNamespace(call: Call, namespace: string): Call {
  return Object.create(call, { info: { value: { ...call.info, namespace } } }) as Call;
}

function operationOf(special: SpecialOperations, call: Call, def: ResourceDefinition): Operation {
  const { info } = call;
  if (info.subresource === "") {
    const own = special.get(`${def.group}/${def.resource}:${info.verb}`);
    if (own) return own;
    if (def.storage === undefined || !(def.verbs as readonly string[]).includes(info.verb)) throw methodNotAllowed();
    return GENERIC[info.verb] ?? refuse;
  }
  const sub = def.subresources.find(({ name }) => name === info.subresource);
  if (!sub) throw noSuchPath();
  return subresourceOperation(special, def, sub, info.verb);
}

function subresourceOperation(special: SpecialOperations, def: ResourceDefinition, sub: SubresourceDefinition, verb: string): Operation {
  if (sub.name !== "proxy" && !(sub.verbs as readonly string[]).includes(verb)) throw methodNotAllowed();
  const own = special.get(`${def.group}/${def.resource}/${sub.name}`) ?? special.get(`*/${sub.name}`);
  if (own) return own;
  if (sub.style === "status" || sub.style === "object") return GENERIC[verb] ?? refuse;
  throw noSuchPath();
}

const refuse: Operation = () => {
  throw methodNotAllowed();
};
