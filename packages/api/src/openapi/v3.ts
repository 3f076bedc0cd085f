/** OpenAPI v3, one document per group and version (KEP-2896). */
import { GIT_VERSION } from "@flotilla/base";
import type { CustomSchema, Registry, ResourceDefinition } from "../definition.ts";
import { findStruct } from "../schema/schema.ts";
import { type Gvk, groupVersionKind } from "./operations.ts";
import { pathsOf, type Refer } from "./paths.ts";
import { addSchema, type Describe, openApiName } from "./schema.ts";

type Schema = Record<string, unknown>;

export function openApiV3Index(registry: Registry): object {
  const paths: Record<string, object> = {};
  for (const { group, versions } of registry.groups()) {
    for (const version of versions) {
      const path = group === "" ? `api/${version}` : `apis/${group}/${version}`;
      const definitions = registry.all().filter((def) => def.group === group && def.version === version);
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash(definitions)}` };
    }
  }
  return { paths };
}

/**
 * Clients keep a document under its hash for good, so it follows from what is in the document, and from nothing else:
 * every replica says the same, also after a restart.
 */
function hash(definitions: readonly ResourceDefinition[]): string {
  const content = definitions.map(({ resource, verbs, subresources, custom }) => [resource, verbs, subresources, custom?.openApi]);
  const text = JSON.stringify([GIT_VERSION, content]);
  // FNV-1a, twice with different beginnings: 64 bits in all.
  return [2166136261, 16777619].map((start) => fnv(text, start).toString(16).toUpperCase().padStart(8, "0")).join("");
}

function fnv(text: string, start: number): number {
  let value = start;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 16777619);
  return value >>> 0;
}

export async function openApiV3(registry: Registry, group: string, version: string): Promise<object | undefined> {
  const definitions = registry.all().filter((def) => def.group === group && def.version === version);
  if (definitions.length === 0) return undefined;
  const components = new Components(await loadTexts());
  const paths = Object.assign({}, ...definitions.map((def) => pathsOf(def, components.of(def))));
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.33.1" },
    paths,
    components: { schemas: Object.fromEntries(components.schemas) },
  };
}

/** The texts are big and few processes ever show them. */
export async function loadTexts(): Promise<Describe> {
  return (await import("./descriptions/index.ts")).describeType;
}

/** The schemas that paths refer to, gathered while the paths are written. */
export class Components {
  readonly schemas = new Map<string, Schema>();
  /** Which of them a CustomResourceDefinition's author has written. */
  readonly custom = new Set<string>();
  readonly #describe: Describe;

  constructor(describe: Describe) {
    this.#describe = describe;
  }

  /** How operations of this kind refer to their bodies. */
  of(def: ResourceDefinition): Refer {
    if (def.custom) return this.#custom(def, def.custom);
    this.#addKind(def);
    return (type) => {
      if (type === "object") return this.#named(def.schema);
      if (type === "list") return this.#list(def);
      if (type === "patch") return this.#patch();
      return this.#named(type);
    };
  }

  /** Custom resources: the schema is its CustomResourceDefinition's, its list is made here. */
  #custom(def: ResourceDefinition, { openApi }: CustomSchema): Refer {
    const name = customName(def);
    const meta = this.#named("meta/v1.ObjectMeta");
    const gvk = groupVersionKind(def);
    const properties = openApi["properties"] as Record<string, Schema>;
    this.custom.add(name);
    this.schemas.set(name, {
      ...openApi,
      properties: { ...properties, metadata: { description: METADATA_TEXT, allOf: [meta] } },
      "x-kubernetes-group-version-kind": [gvk],
    });
    this.schemas.set(`${name}List`, {
      type: "object",
      description: `${def.listKind} is a list of ${def.kind}`,
      required: ["items"],
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: { allOf: [this.#named("meta/v1.ListMeta")] },
        items: { type: "array", items: { allOf: [{ $ref: PREFIX + name }] } },
      },
      "x-kubernetes-group-version-kind": [{ ...gvk, kind: def.listKind }],
    });
    return (type) => {
      if (type === "object") return { $ref: PREFIX + name };
      if (type === "list") return { $ref: `${PREFIX}${name}List` };
      return type === "patch" ? this.#patch() : this.#named(type);
    };
  }

  #addKind(def: ResourceDefinition): void {
    this.#named(def.schema);
    this.#schema(def.schema)["x-kubernetes-group-version-kind"] = [groupVersionKind(def)];
  }

  #named(full: string): Schema {
    addSchema(full, PREFIX, this.schemas, this.#describe);
    return { $ref: PREFIX + openApiName(full) };
  }

  #schema(full: string): Schema {
    return this.schemas.get(openApiName(full))!;
  }

  #list(def: ResourceDefinition): Schema {
    const full = `${def.schema}List`;
    if (!findStruct(full)) return this.#named(def.schema);
    const reference = this.#named(full);
    const gvk: Gvk = { ...groupVersionKind(def), kind: def.listKind };
    this.#schema(full)["x-kubernetes-group-version-kind"] = [gvk];
    return reference;
  }

  #patch(): Schema {
    const name = openApiName("meta/v1.Patch");
    this.schemas.set(name, {
      type: "object",
      description: "A patch of one of the content types above, with the meaning that type gives it.",
    });
    return { $ref: PREFIX + name };
  }
}

const METADATA_TEXT = "Standard object's metadata.";

/** "stable.example.com" v1 CronTab → com.example.stable.v1.CronTab. */
const customName = ({ group, version, kind }: ResourceDefinition): string => [...group.split(".").reverse(), version, kind].join(".");

export const PREFIX = "#/components/schemas/";
