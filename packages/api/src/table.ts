import type { ResourceDefinition, Table, TableOptions } from "./definition.ts";
import type { KubeObject } from "./types.ts";

export function toTable(def: ResourceDefinition, objects: readonly KubeObject[], options: TableOptions): Table {
  const apiVersion = `meta.k8s.io/${options.version ?? "v1"}`;
  return {
    kind: "Table",
    apiVersion,
    metadata: options.metadata ?? {},
    columnDefinitions: options.noHeaders ? null : [...def.columns],
    rows: objects.map((obj) => ({
      cells: def.row(obj, options.now_ms),
      object: rowObject(obj, options.includeObject ?? "Metadata", apiVersion),
    })),
  };
}

function rowObject(obj: KubeObject, include: "None" | "Metadata" | "Object", apiVersion: string): object | null {
  if (include === "None") return null;
  return include === "Object" ? obj : { kind: "PartialObjectMetadata", apiVersion, metadata: obj.metadata };
}
