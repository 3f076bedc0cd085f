/** A CustomResourceDefinition's versions as ResourceDefinitions: from here on they are kinds like any other. */
import { ALL_VERBS, defineResource, scaleSubresource, statusSubresource } from "../define.ts";
import type { ResourceDefinition, StorageView, Strategy } from "../definition.ts";
import { FieldErrors } from "../field-error.ts";
import { cloneJson, jsonEqual } from "../json-equal.ts";
import { isObject } from "../schema/conform.ts";
import type { CustomResourceDefinition, KubeObject } from "../types.ts";
import { columnsOf } from "./columns.ts";
import { readPath, simplePath } from "./jsonpath.ts";
import { validateStructure } from "./lists.ts";
import { publishedSchema } from "./openapi.ts";
import { defaultObject, pruneObject } from "./prune.ts";
import { keepUnchanged } from "./ratchet.ts";
import { scaleView } from "./scale.ts";
import { customShape } from "./shape.ts";
import { type JsonSchema, type Structural, structuralOf } from "./structural.ts";
import { validateValue } from "./validate.ts";

export type CrdVersion = CustomResourceDefinition["spec"]["versions"][number];
export type Convert = NonNullable<StorageView["convert"]>;

/** x-kubernetes-validations of a schema, ready to run; `old` on updates. */
export type RuleCheck = (obj: KubeObject, old: KubeObject | undefined, errors: FieldErrors) => void;

export interface CustomPorts {
  /** undefined when the schema has no rules. */
  rules(schema: Structural): RuleCheck | undefined;
  /** Of conversion strategy Webhook. */
  converter(crd: CustomResourceDefinition): Convert;
}

/** The definitions of all versions that are served. */
export function customDefinitions(crd: CustomResourceDefinition, ports: CustomPorts): ResourceDefinition[] {
  return crd.spec.versions.filter(({ served }) => served).map((version) => customDefinition(crd, version, ports));
}

function customDefinition(crd: CustomResourceDefinition, version: CrdVersion, ports: CustomPorts): ResourceDefinition {
  const { spec, status } = crd;
  const names = { ...spec.names, ...withoutEmpty(status?.acceptedNames) };
  const schema = structuralOf((version.schema?.openAPIV3Schema ?? {}) as JsonSchema);
  const rules = ports.rules(schema);
  const hasStatus = version.subresources?.status !== undefined;
  const scale = version.subresources?.scale;
  const definition = defineResource<KubeObject>({
    group: spec.group,
    version: version.name,
    kind: names.kind,
    resource: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    schema: `${spec.group}/${version.name}.${names.kind}`,
    namespaced: spec.scope === "Namespaced",
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: ALL_VERBS,
    storage: storageOf(crd, version, schema, ports),
    subresources: [
      ...(hasStatus ? [statusSubresource<KubeObject>(names.kind, statusStrategy(schema, rules))] : []),
      ...(scale ? [scaleSubresource<KubeObject>()] : []),
    ],
    ...(scale ? { scale: scaleView(scale) } : {}),
    table: columnsOf(version.additionalPrinterColumns as Parameters<typeof columnsOf>[0]),
    defaults: (obj) => defaultObject(schema, obj),
    ...(version.deprecated
      ? { deprecation: version.deprecationWarning || `${spec.group}/${version.name} ${names.kind} is deprecated` }
      : {}),
    strategy: strategyOf(schema, rules, hasStatus),
    selectableFields: selectableFields(version),
  });
  return {
    ...definition,
    listKind: names.listKind ?? `${names.kind}List`,
    custom: {
      conform: (tree) => pruneObject(schema, tree),
      shape: customShape(schema),
      openApi: publishedSchema(schema.source),
    },
  };
}

function withoutEmpty(names: object | undefined): Partial<CustomResourceDefinition["spec"]["names"]> {
  return Object.fromEntries(Object.entries(names ?? {}).filter(([, value]) => value !== "" && value !== undefined));
}

function validateObject(
  schema: Structural,
  obj: KubeObject,
  old: KubeObject | undefined,
  rules: RuleCheck | undefined,
  errors: FieldErrors,
): void {
  const found = new FieldErrors();
  validateValue(schema.source, obj, "", found);
  validateStructure(schema, obj, "", found);
  // What was wrong before and did not change may stay (KEP-4008).
  errors.list.push(...(old ? keepUnchanged(found.list, obj, old) : found.list));
  // Rules may rely on what the schema promises: they run on what conforms.
  if (found.empty) rules?.(obj, old, errors);
}

function strategyOf(schema: Structural, rules: RuleCheck | undefined, hasStatus: boolean): Strategy<KubeObject> {
  return {
    tracksGeneration: true,
    allowUnconditionalUpdate: false,
    specChanged: (obj, old) => differs(obj, old, hasStatus),
    prepareForCreate(obj) {
      if (hasStatus) delete obj["status"];
    },
    prepareForUpdate(obj, old) {
      if (hasStatus && old["status"] === undefined) delete obj["status"];
    },
    validateCreate: (obj, errors) => validateObject(schema, obj, undefined, rules, errors),
    validateUpdate: (obj, old, errors) => validateObject(schema, obj, old, rules, errors),
  };
}

/** Metadata never counts; the status only where it is a part of the object like any other. */
function differs(obj: KubeObject, old: KubeObject, hasStatus: boolean): boolean {
  const ignored = new Set(["metadata", "apiVersion", "kind", ...(hasStatus ? ["status"] : [])]);
  const keys = new Set([...Object.keys(obj), ...Object.keys(old)].filter((key) => !ignored.has(key)));
  return [...keys].some((key) => !jsonEqual(obj[key], old[key]));
}

function statusStrategy(schema: Structural, rules: RuleCheck | undefined) {
  return {
    validateUpdate: (obj: KubeObject, old: KubeObject, errors: FieldErrors) => validateObject(schema, obj, old, rules, errors),
  };
}

/** Reading converts, prunes and defaults anew: the schema may have changed since the object was written. */
function storageOf(crd: CustomResourceDefinition, version: CrdVersion, schema: Structural, ports: CustomPorts): StorageView {
  const { spec } = crd;
  const stored = spec.versions.find(({ storage }) => storage)!.name;
  const apiVersion = `${spec.group}/${version.name}`;
  const storedVersion = `${spec.group}/${stored}`;
  return {
    group: spec.group,
    resource: spec.names.plural,
    version: stored,
    toStored: (obj) => (obj.apiVersion === storedVersion ? obj : { ...obj, apiVersion: storedVersion }),
    fromStored(obj) {
      const view = cloneJson(obj);
      view.apiVersion = apiVersion;
      pruneObject(schema, view);
      defaultObject(schema, view);
      return jsonEqual(view, obj) ? obj : view;
    },
    ...(spec.conversion?.strategy === "Webhook" ? { convert: ports.converter(crd) } : {}),
  };
}

function selectableFields(version: CrdVersion): Record<string, (obj: KubeObject) => string> {
  const fields = version.selectableFields ?? [];
  return Object.fromEntries(
    fields.flatMap(({ jsonPath }) => {
      const path = simplePath(jsonPath);
      if (!path) return [];
      return [[path.join("."), (obj: KubeObject) => selectableText(readPath(obj, path))]];
    }),
  );
}

function selectableText(value: unknown): string {
  return value === undefined || value === null || isObject(value) ? "" : String(value);
}
