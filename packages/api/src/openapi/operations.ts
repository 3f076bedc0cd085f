/** What one kind can be asked for, in a form from which OpenAPI v2 and v3 paths are written alike. */
import type { ResourceDefinition, SubresourceDefinition, Verb } from "../definition.ts";
import { protobufSchemaOf } from "../protobuf/envelope.ts";

export interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What a body is: an object of the kind itself, its list, or a type of the schema registry by its full name. */
export type BodyType = "object" | "list" | "patch" | `${string}.${string}`;

export interface Operation {
  readonly path: string;
  readonly method: "get" | "put" | "post" | "patch" | "delete";
  /** x-kubernetes-action */
  readonly action: string;
  readonly id: string;
  readonly description: string;
  /** Names of path parameters. */
  readonly inPath: readonly string[];
  readonly query: readonly string[];
  readonly body: BodyType | undefined;
  /** undefined: bytes, or a stream. */
  readonly reply: BodyType | undefined;
  readonly created: boolean;
  readonly gvk: Gvk;
}

export const groupVersionKind = (def: ResourceDefinition): Gvk => ({ group: def.group, version: def.version, kind: def.kind });

const LIST_QUERY = [
  "allowWatchBookmarks",
  "continue",
  "fieldSelector",
  "labelSelector",
  "limit",
  "resourceVersion",
  "resourceVersionMatch",
  "sendInitialEvents",
  "timeoutSeconds",
  "watch",
];
const WRITE_QUERY = ["dryRun", "fieldManager", "fieldValidation"];
const DELETE_QUERY = ["dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"];

interface Shape {
  method: Operation["method"];
  action: string;
  does: string;
  phrase: string;
  query: readonly string[];
  body?: BodyType | undefined;
  reply?: BodyType | undefined;
}

const SHAPES: Partial<Record<Verb, Shape>> = {
  list: { method: "get", action: "list", does: "list", phrase: "list or watch objects of kind", query: LIST_QUERY, reply: "list" },
  create: { method: "post", action: "post", does: "create", phrase: "create", query: WRITE_QUERY, body: "object", reply: "object" },
  deletecollection: {
    method: "delete",
    action: "deletecollection",
    does: "delete",
    phrase: "delete collection of",
    query: [...DELETE_QUERY, ...LIST_QUERY.filter((name) => name !== "watch" && name !== "allowWatchBookmarks")],
    body: "meta/v1.DeleteOptions",
    reply: "meta/v1.Status",
  },
  get: { method: "get", action: "get", does: "read", phrase: "read the specified", query: [], reply: "object" },
  update: {
    method: "put",
    action: "put",
    does: "replace",
    phrase: "replace the specified",
    query: WRITE_QUERY,
    body: "object",
    reply: "object",
  },
  patch: {
    method: "patch",
    action: "patch",
    does: "patch",
    phrase: "partially update the specified",
    query: [...WRITE_QUERY, "force"],
    body: "patch",
    reply: "object",
  },
  delete: {
    method: "delete",
    action: "delete",
    does: "delete",
    phrase: "delete",
    query: DELETE_QUERY,
    body: "meta/v1.DeleteOptions",
    reply: "meta/v1.Status",
  },
};
const ON_COLLECTION: readonly Verb[] = ["list", "create", "deletecollection"];

/** In the order of the definition's verbs, then its subresources. */
export function operationsOf(def: ResourceDefinition): Operation[] {
  const root = def.group === "" ? `/api/${def.version}` : `/apis/${def.group}/${def.version}`;
  const collection = `${root}/${def.namespaced ? "namespaces/{namespace}/" : ""}${def.resource}`;
  const operations: Operation[] = [];
  const add = (path: string, shape: Shape, rest: { suffix?: string; collection?: boolean; gvk?: Gvk } = {}) => {
    const { does, phrase, ...operation } = shape;
    const scope = path.includes("{namespace}") ? "Namespaced" : "";
    operations.push({
      ...operation,
      path,
      id: `${does}${friendlyGroup(def.group)}${capital(def.version)}${rest.collection ? "Collection" : ""}${scope}${def.kind}${rest.suffix ?? ""}`,
      description: `${phrase} ${def.kind}`,
      inPath: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!),
      body: shape.body,
      reply: shape.reply,
      created: shape.method === "post",
      gvk: rest.gvk ?? groupVersionKind(def),
    });
  };
  for (const verb of def.verbs) {
    const shape = SHAPES[verb];
    if (!shape) continue;
    add(ON_COLLECTION.includes(verb) ? collection : `${collection}/{name}`, shape, { collection: verb === "deletecollection" });
    if (verb === "list" && def.namespaced) add(`${root}/${def.resource}`, shape, { suffix: "ForAllNamespaces" });
  }
  for (const sub of def.subresources) addSubresource(def, sub, `${collection}/{name}/${sub.name}`, add);
  return operations;
}

function addSubresource(
  def: ResourceDefinition,
  sub: SubresourceDefinition,
  path: string,
  add: (path: string, shape: Shape, rest: { suffix: string; gvk: Gvk }) => void,
): void {
  const rest = {
    suffix: capital(sub.name),
    gvk: { group: sub.group ?? def.group, version: sub.version ?? def.version, kind: sub.kind },
  };
  const type = bodyType(sub, rest.gvk);
  for (const verb of sub.verbs) {
    const shape = SHAPES[verb];
    if (!shape) continue;
    const { body, reply, ...bare } = shape;
    if (sub.style === "connect") add(path, { ...bare, action: "connect" }, rest);
    else add(path, { ...bare, body: body === "object" ? type : body, reply: reply === "object" ? type : reply }, rest);
  }
}

function bodyType({ style }: SubresourceDefinition, { group, version, kind }: Gvk): BodyType {
  if (style === "status" || style === "object") return "object";
  return protobufSchemaOf({ apiVersion: group === "" ? version : `${group}/${version}`, kind }) as BodyType;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "" → Core, rbac.authorization.k8s.io → RbacAuthorization. */
function friendlyGroup(group: string): string {
  if (group === "") return "Core";
  return group
    .replace(/\.k8s\.io$/, "")
    .split(/[.-]/)
    .map(capital)
    .join("");
}
