/** Discovery documents (KEP-3352 aggregated, and the legacy lists), derived from the registry. */
import type { Registry, ResourceDefinition, SubresourceDefinition, Verb } from "./definition.ts";

const byName =
  <T>(name: (item: T) => string) =>
  (a: T, b: T) =>
    name(a) < name(b) ? -1 : 1;

export function aggregatedDiscovery(registry: Registry, version: "v2" | "v2beta1", root: "api" | "apis"): object {
  const groups = registry.groups().filter(({ group }) => (root === "api") === (group === ""));
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: group === "" ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
      versions: versions.map((v) => ({
        version: v,
        freshness: "Current",
        resources: definitionsOf(registry, group, v).map(aggregatedResource),
      })),
    })),
  };
}

function aggregatedResource(def: ResourceDefinition): object {
  const subresources = def.subresources.map((sub) => ({
    subresource: sub.name,
    responseKind: kindOf(def, sub),
    verbs: sorted(sub.verbs),
  }));
  return {
    resource: def.resource,
    responseKind: { group: def.group, version: def.version, kind: def.kind },
    scope: def.namespaced ? "Namespaced" : "Cluster",
    singularResource: def.singular,
    verbs: sorted(def.verbs),
    ...(def.shortNames.length > 0 ? { shortNames: def.shortNames } : {}),
    ...(def.categories.length > 0 ? { categories: def.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}

export function legacyVersions(registry: Registry, serverAddress: string): object {
  const core = registry.groups().find(({ group }) => group === "");
  return {
    kind: "APIVersions",
    versions: core?.versions ?? [],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

export function legacyGroupList(registry: Registry): object {
  const groups = registry.groups().filter(({ group }) => group !== "");
  return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map(groupDocument) };
}

export function legacyGroup(registry: Registry, group: string): object | undefined {
  const found = registry.groups().find((each) => each.group === group && group !== "");
  return found && { kind: "APIGroup", apiVersion: "v1", ...groupDocument(found) };
}

function groupDocument({ group, versions }: { group: string; versions: readonly string[] }) {
  const named = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: named, preferredVersion: named[0] };
}

/** @param hash shortens the name of what a kind is stored as: clients that see it change have objects to write anew. */
export function legacyResourceList(
  registry: Registry,
  group: string,
  version: string,
  hash?: (storedAs: string) => string,
): object | undefined {
  const definitions = definitionsOf(registry, group, version);
  if (definitions.length === 0) return undefined;
  const groupVersion = group === "" ? version : `${group}/${version}`;
  const resources = definitions.flatMap((def) => [
    legacyResource(def, hash),
    ...def.subresources.map((sub) => legacySubresource(def, sub)),
  ]);
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}

function legacyResource(def: ResourceDefinition, hash?: (storedAs: string) => string): object {
  const { group, version = def.version } = def.storage ?? {};
  return {
    name: def.resource,
    singularName: def.singular,
    namespaced: def.namespaced,
    kind: def.kind,
    verbs: sorted(def.verbs),
    ...(def.shortNames.length > 0 ? { shortNames: def.shortNames } : {}),
    ...(def.categories.length > 0 ? { categories: def.categories } : {}),
    ...(hash && group !== undefined ? { storageVersionHash: hash(`${group}/${version}/${def.kind}`) } : {}),
  };
}

/** Group and version only where the body's kind lives elsewhere: `kubectl drain` looks for policy/v1 on pods/eviction. */
function legacySubresource(def: ResourceDefinition, sub: SubresourceDefinition): object {
  return {
    name: `${def.resource}/${sub.name}`,
    singularName: "",
    namespaced: def.namespaced,
    ...(sub.group !== undefined ? { group: sub.group, version: sub.version } : {}),
    kind: sub.kind,
    verbs: sorted(sub.verbs),
  };
}

function definitionsOf(registry: Registry, group: string, version: string): ResourceDefinition[] {
  return registry
    .all()
    .filter((def) => def.group === group && def.version === version)
    .sort(byName((def) => def.resource));
}

const sorted = (verbs: readonly Verb[]): Verb[] => [...verbs].sort();

function kindOf(def: ResourceDefinition, sub: SubresourceDefinition): object {
  return { group: sub.group ?? def.group, version: sub.version ?? def.version, kind: sub.kind };
}
