import {
  type CustomResourceDefinition,
  createBuiltinRegistry,
  type JsonSchema,
  type Registry,
  type ResourceDefinition,
  structuralOf,
} from "@flotilla/api";
import { builtinType, type Kinds, type KnownKind, typeOf, withMetadata } from "@flotilla/kube-cel";

/** All kinds whose schemas are known: the built-in ones, and what the definitions given define. */
export function kindsOf(definitions: () => readonly CustomResourceDefinition[]): Kinds {
  const builtin = createBuiltinRegistry();
  return {
    byResource: (group, version, resource) =>
      [builtinKind(builtin.find(group, version, resource)) ?? find(({ names }) => names.plural === resource, group, version)].filter(
        isKnown,
      ),
    byKind: (group, version, kind) =>
      builtinKind(kindIn(builtin, group, version, kind)) ?? find(({ names }) => names.kind === kind, group, version),
  };

  function find(matches: (spec: CustomResourceDefinition["spec"]) => boolean, group: string, version: string): KnownKind | undefined {
    const found = definitions().find(({ spec }) => spec.group === group && matches(spec));
    return found && customKind(found, version);
  }
}

const isKnown = (kind: KnownKind | undefined): kind is KnownKind => kind !== undefined;
const kindIn = (registry: Registry, group: string, version: string, kind: string) => registry.findKind(group, version, kind);

function builtinKind(definition: ResourceDefinition | undefined): KnownKind | undefined {
  const type = definition && builtinType(definition.schema);
  return type && { group: definition.group, version: definition.version, kind: definition.kind, type };
}

function customKind({ spec }: CustomResourceDefinition, version: string): KnownKind | undefined {
  const schema = spec.versions.find(({ name, served }) => served && name === version)?.schema?.openAPIV3Schema as JsonSchema | undefined;
  const type = schema && typeOf(structuralOf(schema), true);
  return type && { group: spec.group, version, kind: spec.names.kind, type: withMetadata(type) };
}
