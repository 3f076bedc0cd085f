import {
  apiError,
  encodeProtobuf,
  type KubeObject,
  PROTOBUF_MEDIA_TYPE,
  protobufSchemaOf,
  type ResourceDefinition,
  type Status,
  type Table,
  toTable,
} from "@flotilla/api";
import { assert } from "@flotilla/base";
import type { ListMetadata, Reply } from "../request/call.ts";
import type { Entry } from "../storage/entry.ts";
import type { Format } from "./negotiate.ts";

export interface Rendered {
  contentType: string;
  body: Buffer;
}

export interface RenderOptions {
  format: Format;
  includeObject: string | null;
  now_ms: number;
}

const COMMA = Buffer.from(",");
const LIST_END = Buffer.from("]}");

/** An object or list in the form that was negotiated. */
export async function render(reply: Extract<Reply, { type: "object" | "list" }>, options: RenderOptions): Promise<Rendered> {
  const { format } = options;
  if (format.media === "yaml") return { contentType: "application/yaml", body: await yaml(objectOf(reply, options)) };
  if (format.media === "protobuf") return { contentType: PROTOBUF_MEDIA_TYPE, body: protobufOf(objectOf(reply, options)) };
  return { contentType: "application/json", body: jsonOf(reply, options) };
}

/** Whether a reply has a protobuf form: built-in kinds and what is said about them. */
export function hasProtobuf(reply: Extract<Reply, { type: "object" | "list" | "watch" }>): boolean {
  // What stands in the store is of its definition's kind: no need to look into it.
  if (reply.type === "object" && !(reply.entry && reply.definition)) return protobufSchemaOf(reply.object) !== undefined;
  return protobufSchemaOf({ apiVersion: apiVersionOf(reply.definition!), kind: reply.definition!.kind }) !== undefined;
}

export function protobufOf(object: { apiVersion?: string; kind?: string }): Buffer {
  const schema = protobufSchemaOf(object);
  assert(schema, `${object.apiVersion} ${object.kind} has a protobuf form`);
  const bytes = encodeProtobuf(schema, object);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A Status in the form that the client understands best; errors never fail for want of one. */
export function renderStatus(status: Status, accept: string | undefined): Rendered {
  const wantsProtobuf = (accept ?? "").trimStart().startsWith(PROTOBUF_MEDIA_TYPE);
  if (wantsProtobuf) return { contentType: PROTOBUF_MEDIA_TYPE, body: protobufOf(status) };
  return { contentType: "application/json", body: Buffer.from(JSON.stringify(status)) };
}

function jsonOf(reply: Extract<Reply, { type: "object" | "list" }>, options: RenderOptions): Buffer {
  if (options.format.as === "object" || !reply.definition) {
    if (reply.type === "list") return listJson(reply.definition, reply.entries, reply.metadata);
    return reply.entry?.json ?? Buffer.from(JSON.stringify(reply.object));
  }
  return Buffer.from(JSON.stringify(objectOf(reply, options)));
}

function objectOf(reply: Extract<Reply, { type: "object" | "list" }>, options: RenderOptions): object {
  const { definition } = reply;
  const objects = reply.type === "list" ? reply.entries.map((entry) => entry.object) : [reply.object as KubeObject];
  if (definition && options.format.as === "table")
    return tableOf(definition, objects, options, reply.type === "list" ? reply.metadata : undefined);
  if (definition && options.format.as !== "object") {
    const partials = objects.map((object) => partial(object, options.format.version));
    if (reply.type === "object") return partials[0]!;
    return {
      kind: "PartialObjectMetadataList",
      apiVersion: `meta.k8s.io/${options.format.version}`,
      metadata: reply.metadata,
      items: partials,
    };
  }
  if (reply.type === "object") return reply.object;
  return { kind: reply.definition.listKind, apiVersion: apiVersionOf(reply.definition), metadata: reply.metadata, items: objects };
}

export function tableOf(
  def: ResourceDefinition,
  objects: readonly KubeObject[],
  options: RenderOptions,
  metadata: ListMetadata | undefined,
  noHeaders = false,
): Table {
  const include = options.includeObject || "Metadata";
  if (include !== "None" && include !== "Object" && include !== "Metadata") {
    const problem = `includeObject: Invalid value: ${JSON.stringify(include)}: must be 'Metadata', 'Object', 'None', or empty`;
    throw apiError("BadRequest", `Unable to convert to Table as requested: ${problem}`);
  }
  return toTable(def, objects, {
    now_ms: options.now_ms,
    version: options.format.version,
    includeObject: include,
    noHeaders,
    metadata: { ...(metadata ?? { resourceVersion: objects[0]?.metadata.resourceVersion ?? "" }) },
  });
}

export function partial(object: KubeObject, version: string): object {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

export const apiVersionOf = (def: ResourceDefinition): string => (def.group === "" ? def.version : `${def.group}/${def.version}`);

function listJson(def: ResourceDefinition, entries: readonly Entry[], metadata: ListMetadata): Buffer {
  const head = JSON.stringify({ kind: def.listKind, apiVersion: apiVersionOf(def), metadata });
  const parts: Buffer[] = [Buffer.from(`${head.slice(0, -1)},"items":[`)];
  for (const [index, entry] of entries.entries()) {
    if (index > 0) parts.push(COMMA);
    parts.push(entry.json);
  }
  parts.push(LIST_END);
  return Buffer.concat(parts);
}

async function yaml(object: object): Promise<Buffer> {
  const { stringify } = await import("yaml");
  // In the order and style of Go's library: keys sorted, what YAML 1.1 would read as another type quoted.
  return Buffer.from(stringify(object, { sortMapEntries: true, indentSeq: false, version: "1.1" }));
}
