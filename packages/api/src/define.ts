/** Builds ResourceDefinitions: what most kinds share is the default, a kind's file says what is its own. */
import type { Cell, Column, ResourceDefinition, ScaleView, StorageView, Strategy, SubresourceDefinition, Verb } from "./definition.ts";
import { ageOf } from "./duration.ts";
import type { KubeObject } from "./types.ts";

/** A column together with the cell it shows. */
export interface TableColumn<T> extends Column {
  cell(obj: T, now_ms: number): Cell;
}

export interface ResourceOptions<T extends KubeObject> {
  group: string;
  version: string;
  kind: string;
  resource: string;
  schema: string;
  singular?: string;
  namespaced?: boolean;
  shortNames?: string[];
  categories?: string[];
  verbs?: readonly Verb[];
  storage?: StorageView;
  subresources?: SubresourceDefinition<T>[];
  scale?: ScaleView<T>;
  deprecation?: string;
  table?: TableColumn<T>[];
  defaults?(obj: T): void;
  strategy?: Strategy<T>;
  selectableFields?: Record<string, (obj: T) => string>;
}

export const ALL_VERBS: readonly Verb[] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
export const STATUS_VERBS: readonly Verb[] = ["get", "patch", "update"];

export function defineResource<T extends KubeObject>(options: ResourceOptions<T>): ResourceDefinition<T> {
  const table = options.table ?? [nameColumn<T>(), createdColumn<T>()];
  return {
    group: options.group,
    version: options.version,
    resource: options.resource,
    singular: options.singular ?? options.kind.toLowerCase(),
    kind: options.kind,
    listKind: `${options.kind}List`,
    namespaced: options.namespaced ?? true,
    shortNames: options.shortNames ?? [],
    categories: options.categories ?? [],
    verbs: options.verbs ?? ALL_VERBS,
    schema: options.schema,
    storage: options.storage ?? { group: options.group, resource: options.resource, version: options.version },
    subresources: options.subresources ?? [],
    ...(options.scale ? { scale: options.scale } : {}),
    ...(options.deprecation ? { deprecation: options.deprecation } : {}),
    columns: table.map(({ cell: _, ...column }) => column),
    row: (obj, now_ms) => table.map((column) => column.cell(obj, now_ms)),
    defaults: options.defaults ?? (() => {}),
    strategy: options.strategy ?? {},
    selectableFields: options.selectableFields ?? {},
  };
}

/** A kind that is only created, never stored: reviews, bindings, evictions. */
export function defineVirtual<T extends KubeObject>(
  options: Pick<
    ResourceOptions<T>,
    "group" | "version" | "kind" | "resource" | "schema" | "namespaced" | "table" | "defaults" | "strategy"
  >,
): ResourceDefinition<T> {
  return { ...defineResource<T>({ ...options, verbs: ["create"] }), storage: undefined };
}

export const statusSubresource = <T>(kind: string, strategy: SubresourceDefinition<T>["strategy"] = {}): SubresourceDefinition<T> => ({
  name: "status",
  kind,
  verbs: STATUS_VERBS,
  style: "status",
  strategy,
});

export const scaleSubresource = <T>(): SubresourceDefinition<T> => ({
  name: "scale",
  kind: "Scale",
  group: "autoscaling",
  version: "v1",
  verbs: STATUS_VERBS,
  style: "scale",
});

interface ColumnOptions {
  type?: Column["type"];
  format?: string;
  description?: string;
}

export function column<T>(name: string, cell: TableColumn<T>["cell"], options: ColumnOptions = {}): TableColumn<T> {
  const { type = "string", format = "", description = "" } = options;
  return { name, type, format, description, priority: 0, cell };
}

/** Shown with -o wide only. */
export function wideColumn<T>(name: string, cell: TableColumn<T>["cell"], options: ColumnOptions = {}): TableColumn<T> {
  return { ...column(name, cell, options), priority: 1 };
}

const NAME_TEXT = "Name must be unique within a namespace.";
const CREATED_TEXT = "CreationTimestamp is the server time when this object was created.";

export const nameColumn = <T extends KubeObject>(): TableColumn<T> =>
  column("Name", (obj: T) => obj.metadata.name ?? "", { format: "name", description: NAME_TEXT });

export const ageColumn = <T extends KubeObject>(): TableColumn<T> =>
  column("Age", (obj: T, now_ms) => ageOf(obj.metadata.creationTimestamp, now_ms), { description: CREATED_TEXT });

/** The time itself: kinds without printer columns of their own. */
export const createdColumn = <T extends KubeObject>(): TableColumn<T> =>
  column("Created At", (obj: T) => obj.metadata.creationTimestamp ?? "<unknown>", { type: "date", description: CREATED_TEXT });
