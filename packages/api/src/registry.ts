import { assert } from "@flotilla/base";
import type { Registry, ResourceDefinition } from "./definition.ts";
import { BUILTIN_RESOURCES } from "./resources/index.ts";

export function createRegistry(definitions: readonly ResourceDefinition[]): Registry {
  const byResource = new Map<string, ResourceDefinition>();
  const byKind = new Map<string, ResourceDefinition>();
  let ordered: ResourceDefinition[] = [];
  let revision = 0;

  function add(def: ResourceDefinition): void {
    assert(!byResource.has(key(def.group, def.version, def.resource)), `${def.resource} of ${def.group}/${def.version} is defined twice`);
    byResource.set(key(def.group, def.version, def.resource), def);
    if (def.storage !== undefined || !byKind.has(key(def.group, def.version, def.kind)))
      byKind.set(key(def.group, def.version, def.kind), def);
    ordered.push(def);
    revision++;
  }

  function remove(group: string, version: string, resource: string): void {
    const def = byResource.get(key(group, version, resource));
    if (!def) return;
    byResource.delete(key(group, version, resource));
    byKind.delete(key(group, version, def.kind));
    ordered = ordered.filter((other) => other !== def);
    revision++;
  }

  for (const def of definitions) add(def);
  return {
    find: (group, version, resource) => byResource.get(key(group, version, resource)),
    findKind: (group, version, kind) => byKind.get(key(group, version, kind)),
    all: () => ordered,
    groups: () => groupsOf(ordered),
    add,
    remove,
    get revision() {
      return revision;
    },
  };
}

const key = (group: string, version: string, name: string): string => `${group}/${version}/${name}`;

/** A later version of a group is preferred: autoscaling/v2 before v1. */
function groupsOf(definitions: readonly ResourceDefinition[]): { group: string; versions: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const { group, version } of definitions) {
    const versions = groups.get(group) ?? [];
    if (!versions.includes(version)) versions.push(version);
    groups.set(group, versions);
  }
  return [...groups]
    .map(([group, versions]) => ({ group, versions: versions.sort(compareVersions) }))
    .sort((a, b) => (a.group === "" ? -1 : b.group === "" ? 1 : 0));
}

/** Most stable and newest first: v2, v1, v1beta2, v1alpha1 (KEP: version priority of CRDs). */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [rank(a), rank(b)];
  return y.stability - x.stability || y.major - x.major || y.minor - x.minor || (a < b ? -1 : 1);
}

function rank(version: string): { stability: number; major: number; minor: number } {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return { stability: -1, major: 0, minor: 0 };
  const stability = match[2] === undefined ? 2 : match[2] === "beta" ? 1 : 0;
  return { stability, major: Number(match[1]), minor: Number(match[3] ?? 0) };
}

/** @param adapt lets a server add to what a kind does */
export const createBuiltinRegistry = (adapt: (def: ResourceDefinition) => ResourceDefinition = (def) => def): Registry =>
  createRegistry(BUILTIN_RESOURCES.map(adapt));
