/**
 * One definition per kind: the single source from which REST, gRPC, discovery, OpenAPI, Tables, defaults,
 * validation, patches, protobuf and server-side apply are derived. Adding a kind is adding one file under
 * resources/ and naming it in resources/index.ts.
 *
 * The way of a request body through this library (the API server owns storage, admission and transport):
 *
 *   create   decodeBody → applyDefaults → [mutating admission] → beforeCreate → [validating admission] → store
 *   update   decodeBody → applyDefaults → [mutating admission] → beforeUpdate(old) → … → store if changed
 *   patch    applyPatch(live) (decodes, strict as asked) → then as update (or as create: apply on nothing)
 *   delete   beforeDelete(live) → store or remove
 *   read     filterFor(def, selectors) → toTable | as it is
 *
 * Every function here works on plain JSON objects; those named before* change their argument in place.
 * Failures are ApiError (status.ts).
 */
import type { Shape } from "./apply/typed.ts";
import type { FieldErrors } from "./field-error.ts";
import type { SwaggerDocument } from "./openapi/v2.ts";
import type { ConformResult } from "./schema/conform.ts";
import type { KubeObject } from "./types.ts";

export type Verb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";

/** A column of the Table that `kubectl get` prints. Priority 1 shows with -o wide only. */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  readonly priority?: number;
  readonly description?: string;
}

export type Cell = string | number | boolean | null;

/** What a strategy may know of the request. Time in milliseconds since the epoch. */
export interface WriteContext {
  readonly now_ms: number;
  /** Fresh UUID for metadata.uid. */
  newUid(): string;
  /** `length` characters of the generateName alphabet (bcdfghjklmnpqrstvwxz2456789). */
  randomSuffix(length: number): string;
  /** From the request's path; "" for cluster-scoped kinds. */
  readonly namespace: string;
  readonly user?: { username: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
}

/**
 * What a kind does to objects on their way to the store (upstream's rest.RESTCreateStrategy and friends).
 * prepare* mutates `obj`; validate* only adds to `errors`. Metadata is handled by the library.
 */
export interface UpdateStrategy<T = any> {
  prepareForUpdate?(obj: T, old: T, ctx: WriteContext): void;
  validateUpdate?(obj: T, old: T, errors: FieldErrors, ctx: WriteContext): void;
}

export interface Strategy<T = any> extends UpdateStrategy<T> {
  prepareForCreate?(obj: T, ctx: WriteContext): void;
  /** Runs on create, and on update before validateUpdate. */
  validate?(obj: T, errors: FieldErrors): void;
  /** What an update may not change is told before what the object may not be. */
  readonly checksUpdateFirst?: boolean;
  /** Runs on create only. */
  validateCreate?(obj: T, errors: FieldErrors): void;
  /** Lines for Warning headers. */
  warnings?(obj: T, old?: T): string[];
  /** metadata.generation is kept: 1 on create, +1 whenever spec (or what `generationOf` yields) changes. */
  readonly tracksGeneration?: boolean;
  /** The status that a client creates the object with is stored (nodes register themselves with it). */
  readonly keepsStatusOnCreate?: boolean;
  /** What else than the spec bumps the generation; replaces the comparison of everything but metadata and status. */
  specChanged?(obj: T, old: T): boolean;
  /** PUT without metadata.resourceVersion is allowed (default true). */
  readonly allowUnconditionalUpdate?: boolean;
  /** PUT of an object that is not there creates it (default false). */
  readonly allowCreateOnUpdate?: boolean;
  /** Error texts for metadata.name; default: DNS-1123 subdomain. */
  readonly nameErrors?: (name: string, prefix: boolean) => string[];
  /** Graceful deletion: seconds of grace for this object, 0 for "at once" (pods). Absent: not graceful. */
  gracePeriodSeconds?(obj: T, asked: number | undefined): number;
  /** A DELETE that names no propagation policy leaves the dependents behind (kinds older than garbage collection). */
  readonly orphansByDefault?: boolean;
  /** Something besides metadata.finalizers keeps a deleted object (namespaces: spec.finalizers). */
  holdsDeletion?(obj: T): boolean;
  /** Changes an object that is being marked as deleted (namespaces: phase Terminating). */
  markDeleted?(obj: T): void;
}

export interface SubresourceDefinition<T = any> {
  /** "status", "scale", "log", "token", … */
  readonly name: string;
  /** The kind that discovery and the body show. */
  readonly kind: string;
  /** Where that kind lives; default: the parent's group and version. */
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly Verb[];
  /**
   * status | object: get/update/patch of the parent with its own strategy (only what that strategy lets through changes);
   * scale: the parent seen as autoscaling/v1 Scale through `definition.scale`;
   * create: POST of another kind (binding, eviction, token); connect: log, exec, attach, portforward, proxy.
   */
  readonly style: "status" | "object" | "scale" | "create" | "connect";
  readonly strategy?: UpdateStrategy<T>;
}

/** How a kind shows itself as autoscaling/v1 Scale. */
export interface ScaleView<T = any> {
  get(obj: T): KubeObject;
  /** Writes spec.replicas of `scale` into `obj`. */
  set(obj: T, scale: KubeObject): void;
}

/** A second view of the same stored objects (events.k8s.io/v1 of core/v1 events; autoscaling/v2 of v1). */
export interface StorageView {
  /** group and plural of the definition that owns the storage. */
  readonly group: string;
  readonly resource: string;
  /** The version that is stored. */
  readonly version: string;
  /** Absent when this definition is the stored form itself. Pure: they return new objects. */
  toStored?(obj: KubeObject): KubeObject;
  fromStored?(obj: KubeObject): KubeObject;
  /**
   * Where another program converts (webhooks): the objects in the version that is asked for, in their order. The API
   * server calls it before toStored and fromStored, which then find the object in that version already.
   */
  convert?(objects: readonly KubeObject[], version: string): Promise<readonly KubeObject[]>;
}

/** What a CustomResourceDefinition's schema says, in the form that this library's parts ask for. */
export interface CustomSchema {
  /** Makes a parsed tree an object of this kind in place: prunes, and names what it took out. @throws DecodeError */
  conform(tree: Record<string, unknown>): ConformResult;
  /** For server-side apply. */
  readonly shape: Shape;
  /** As published by OpenAPI v3; v2 leaves out what it has no word for. */
  readonly openApi: Record<string, unknown>;
  /** Calls when this definition is served no longer, or in another form: watches that show it end. Yields the way to stop listening. */
  onRetired?(listener: () => void): () => void;
}

export interface ResourceDefinition<T extends KubeObject = any> {
  readonly group: string; // "" is the core group
  readonly version: string;
  readonly resource: string; // plural
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  /** Name in the schema registry, "core/v1.Pod". */
  readonly schema: string;
  /** A kind that is no type of the schema registry: custom resources. */
  readonly custom?: CustomSchema;
  /** undefined: create-only, nothing is stored (reviews, bindings). */
  readonly storage: StorageView | undefined;
  readonly subresources: readonly SubresourceDefinition<T>[];
  readonly scale?: ScaleView<T>;
  /** Why not to use this kind any more: a line for the Warning header of every answer. */
  readonly deprecation?: string;
  readonly columns: readonly Column[];
  /** Cells in the order of `columns`. */
  row(obj: T, now_ms: number): Cell[];
  /** Fills what the user left out, as upstream's SetDefaults_X; idempotent. */
  readonly defaults: (obj: T) => void;
  readonly strategy: Strategy<T>;
  /** Field labels that a fieldSelector may name, with their value. metadata.name and .namespace are always there. */
  readonly selectableFields: Readonly<Record<string, (obj: T) => string>>;
}

/** All kinds that a server serves. Built once; custom resources may be added and removed later. */
export interface Registry {
  find(group: string, version: string, resource: string): ResourceDefinition | undefined;
  findKind(group: string, version: string, kind: string): ResourceDefinition | undefined;
  /** In order of registration, which is the order of discovery. */
  all(): readonly ResourceDefinition[];
  /** Groups with their versions, preferred version first; "" first. */
  groups(): readonly { group: string; versions: readonly string[] }[];
  add(definition: ResourceDefinition): void;
  remove(group: string, version: string, resource: string): void;
  /** Changes with every add or remove: for ETags and caches of derived documents. */
  readonly revision: number;
}

export type FieldValidation = "Strict" | "Warn" | "Ignore";

export interface DecodeOptions {
  /** Request's Content-Type; absent or JSON → JSON, application/yaml, application/vnd.kubernetes.protobuf. */
  contentType?: string;
  fieldValidation?: FieldValidation;
}

export interface Decoded<T extends KubeObject = KubeObject> {
  object: T;
  /** For Warning headers (fieldValidation=Warn). */
  warnings: string[];
}

/**
 * What the package exports, by these names; each lives in its own file. Kept as one type so that the contract can be
 * read in one place (api.test.ts checks that index.ts satisfies it).
 */
export interface ApiMachinery {
  /** registry.ts: the built-in kinds. */
  createBuiltinRegistry(): Registry;

  /**
   * decode.ts: bytes → object of exactly this kind. Wrong kind or version, malformed JSON, wrong types: BadRequest as
   * upstream words it; missing kind and apiVersion are filled in; unknown and duplicate fields per fieldValidation;
   * nulls and unknown fields are pruned. For a subresource give the kind the body must have.
   */
  decodeBody(def: ResourceDefinition, body: Uint8Array, options?: DecodeOptions): Decoded;
  /** The same for any type of the schema registry ("meta/v1.DeleteOptions", "policy/v1.Eviction", "autoscaling/v1.Scale"). */
  decodeAs(type: { schema: string; group: string; version: string; kind: string }, body: Uint8Array, options?: DecodeOptions): Decoded;

  /** lifecycle.ts */
  applyDefaults(def: ResourceDefinition, obj: KubeObject): void;
  /** Namespace and name of body and URL must agree (BadRequest); fills metadata.namespace; a body without the name that the URL has is refused. */
  checkIdentity(def: ResourceDefinition, obj: KubeObject, url: { namespace: string; name?: string }): void;
  /** Strategy, uid, creationTimestamp, generateName, generation; then validation: Invalid with causes. Returns warnings. */
  beforeCreate(def: ResourceDefinition, obj: KubeObject, ctx: WriteContext): string[];
  /**
   * System metadata is carried over from `old`, strategy (of the subresource, if named), generation, validation.
   * Comparing resourceVersions is the caller's; obj.metadata.resourceVersion is left as it came.
   */
  beforeUpdate(def: ResourceDefinition, subresource: string | undefined, obj: KubeObject, old: KubeObject, ctx: WriteContext): string[];
  /** What a DELETE does; never changes `live`. */
  beforeDelete(def: ResourceDefinition, live: KubeObject, options: DeleteOptionsBody, ctx: WriteContext): DeleteDecision;

  /** After an update: the last finalizer of a deleted object is gone, take it out of the store. */
  finishesDeletion(def: ResourceDefinition, obj: KubeObject): boolean;

  /** patch/index.ts: the patched object, decoded and pruned; defaults are not applied yet. `live` stays unchanged. */
  applyPatch(def: ResourceDefinition, live: KubeObject, patch: PatchRequest): Decoded;
  /** apply/index.ts: server-side apply. live undefined: the object is created from the patch. Conflict unless force. */
  applyServerSide(def: ResourceDefinition, live: KubeObject | undefined, request: ApplyRequest): Decoded;
  /** managed-fields of a write that is not an apply; call after beforeCreate/beforeUpdate; sets obj.metadata.managedFields. */
  trackManagedFields(def: ResourceDefinition, obj: KubeObject, old: KubeObject | undefined, write: ManagedWrite): void;

  /** selectors.ts; BadRequest with upstream's text when malformed. */
  parseLabelSelector(text: string): LabelMatcher;
  parseFieldSelector(def: ResourceDefinition, text: string): FieldMatcher;

  /** table.ts: meta.k8s.io Table of these objects, in their order. */
  toTable(def: ResourceDefinition, objects: readonly KubeObject[], options: TableOptions): Table;

  /** discovery.ts: documents for /api, /apis, /api/v1, /apis/G, /apis/G/V; `aggregated` for as=APIGroupDiscoveryList. */
  aggregatedDiscovery(registry: Registry, version: "v2" | "v2beta1", root: "api" | "apis"): object;
  legacyVersions(registry: Registry, serverAddress: string): object;
  legacyGroupList(registry: Registry): object;
  legacyGroup(registry: Registry, group: string): object | undefined;
  legacyResourceList(registry: Registry, group: string, version: string, hash?: (storedAs: string) => string): object | undefined;

  /** openapi/v3.ts, openapi/v2.ts. Documents are heavy: cache them by registry.revision. */
  openApiV3Index(registry: Registry): object;
  openApiV3(registry: Registry, group: string, version: string): Promise<object | undefined>;
  openApiV2(registry: Registry): Promise<SwaggerDocument>;

  /** protobuf/*.ts: the k8s\0 envelope around a message of the schema registry. Throws BadRequest. */
  encodeProtobuf(schema: string, obj: KubeObject): Uint8Array;
}

/** meta.k8s.io/v1 DeleteOptions as decoded. */
export interface DeleteOptionsBody {
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
  orphanDependents?: boolean;
  propagationPolicy?: string;
  dryRun?: string[];
}

export type DeleteDecision =
  /** Take it out of the store now; `object` is what the answer and the watch's DELETED show. */
  | { action: "remove"; object: KubeObject }
  /** Store `object` (deletionTimestamp, finalizers set): finalizers or the grace period hold it. */
  | { action: "mark"; object: KubeObject }
  /** It is already on its way: nothing to store. */
  | { action: "none"; object: KubeObject };

export type PatchType = "json" | "merge" | "strategic";

export interface PatchRequest {
  type: PatchType;
  body: Uint8Array;
  fieldValidation?: FieldValidation;
}

export interface ApplyRequest {
  /** JSON or YAML. */
  body: Uint8Array;
  manager: string;
  force: boolean;
  subresource?: string;
  now_ms: number;
  fieldValidation?: FieldValidation;
}

export interface ManagedWrite {
  manager: string;
  subresource?: string;
  now_ms: number;
}

export interface LabelMatcher {
  readonly empty: boolean;
  matches(labels: Record<string, string> | undefined): boolean;
  toString(): string;
}

export interface FieldMatcher {
  readonly empty: boolean;
  matches(obj: KubeObject): boolean;
  /** The value that the selector fixes for a label by "=", e.g. "metadata.name": lets lists use an index. */
  exact(label: string): string | undefined;
  toString(): string;
}

export interface TableOptions {
  now_ms: number;
  /** meta.k8s.io version of the Table; default v1. */
  version?: "v1" | "v1beta1";
  includeObject?: "None" | "Metadata" | "Object";
  /** Leave columnDefinitions out (later events of a watch). */
  noHeaders?: boolean;
  /** metadata of the list: resourceVersion, continue, remainingItemCount. */
  metadata?: Record<string, unknown>;
}

export interface Table {
  kind: "Table";
  apiVersion: string;
  metadata: Record<string, unknown>;
  /** null: as before, in later events of a watch. */
  columnDefinitions: Column[] | null;
  rows: { cells: Cell[]; object: object | null }[];
}
