/** Discovery and OpenAPI of this server and of the extension servers as one. Pure: documents in, documents out. */
import { compareVersions } from "@flotilla/api";

/** A group's version that an extension server serves, and what it said of it last. */
export interface RemoteVersion {
  group: string;
  version: string;
  available: boolean;
  /** items of its APIResourceList; undefined: it never answered. */
  resources: LegacyResource[] | undefined;
}

export interface LegacyResource {
  name: string;
  singularName?: string;
  namespaced: boolean;
  group?: string;
  version?: string;
  kind: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
}

export interface Priorities {
  group(group: string): number;
  version(group: string, version: string): number;
}

type Json = Record<string, any>;

/** Both lists' groups, the most important first; of equal ones by name, as kube-aggregator sorts them. */
export function mergeGroupList(local: Json, remotes: readonly RemoteVersion[], priorities: Priorities): Json {
  const names = new Map<string, string[]>(
    (local["groups"] as Json[]).map(({ name, versions }) => [name, versions.map((v: Json) => v["version"])]),
  );
  for (const { group, version } of remotes) {
    const versions = names.get(group) ?? [];
    if (!versions.includes(version)) names.set(group, [...versions, version]);
  }
  return {
    ...local,
    groups: sortedGroups([...names.keys()], priorities).map((group) => groupDocument(group, names.get(group)!, priorities)),
  };
}

/** One group's document, undefined when nobody serves it. */
export function mergeGroup(
  local: Json | undefined,
  group: string,
  remotes: readonly RemoteVersion[],
  priorities: Priorities,
): Json | undefined {
  const versions = new Set<string>(local ? local["versions"].map((v: Json) => v["version"]) : []);
  for (const remote of remotes) if (remote.group === group) versions.add(remote.version);
  if (versions.size === 0) return undefined;
  return { kind: "APIGroup", apiVersion: "v1", ...groupDocument(group, [...versions], priorities) };
}

function groupDocument(group: string, versions: readonly string[], priorities: Priorities): Json {
  const named = sortedVersions(group, versions, priorities).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: named, preferredVersion: named[0] };
}

function sortedGroups(groups: string[], priorities: Priorities): string[] {
  return groups.sort((a, b) => priorities.group(b) - priorities.group(a) || (a < b ? -1 : 1));
}

function sortedVersions(group: string, versions: readonly string[], priorities: Priorities): string[] {
  return [...versions].sort((a, b) => priorities.version(group, b) - priorities.version(group, a) || compareVersions(a, b));
}

/** APIGroupDiscoveryList of both. A server that does not answer is shown as it was, marked Stale. */
export function mergeAggregated(local: Json, remotes: readonly RemoteVersion[], priorities: Priorities): Json {
  const groups = new Map<string, Json>(
    (local["items"] as Json[]).map((item) => [item["metadata"].name, { ...item, versions: [...item["versions"]] }]),
  );
  for (const { group, version, available, resources } of remotes) {
    const item = groups.get(group) ?? { metadata: { name: group, creationTimestamp: null }, versions: [] };
    groups.set(group, item);
    item["versions"] = item["versions"].filter((each: Json) => each["version"] !== version);
    const freshness = available && resources ? "Current" : "Stale";
    item["versions"].push({ version, freshness, resources: aggregatedResources(group, version, resources ?? []) });
  }
  const items = sortedGroups([...groups.keys()], priorities).map((group) => {
    const item = groups.get(group)!;
    const order = sortedVersions(
      group,
      item["versions"].map((v: Json) => v["version"]),
      priorities,
    );
    return { ...item, versions: order.map((version) => item["versions"].find((v: Json) => v["version"] === version)) };
  });
  return { ...local, items };
}

function aggregatedResources(group: string, version: string, resources: readonly LegacyResource[]): Json[] {
  const kindOf = (resource: LegacyResource) => ({
    group: resource.group ?? group,
    version: resource.version ?? version,
    kind: resource.kind,
  });
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map((resource) => {
      const subresources = resources
        .filter(({ name }) => name.startsWith(`${resource.name}/`))
        .map((sub) => ({ subresource: sub.name.slice(resource.name.length + 1), responseKind: kindOf(sub), verbs: sub.verbs }));
      return {
        resource: resource.name,
        responseKind: kindOf(resource),
        scope: resource.namespaced ? "Namespaced" : "Cluster",
        singularResource: resource.singularName ?? "",
        verbs: resource.verbs,
        ...(resource.shortNames?.length ? { shortNames: resource.shortNames } : {}),
        ...(resource.categories?.length ? { categories: resource.categories } : {}),
        ...(subresources.length > 0 ? { subresources } : {}),
      };
    });
}

/** The index of OpenAPI v3 with the paths of the extension servers' groups, asked of them through this server. */
export function mergeOpenApiIndex(local: Json, remotes: readonly { group: string; version: string; hash: string }[]): Json {
  const paths: Json = { ...local["paths"] };
  for (const { group, version, hash } of remotes) {
    const path = `apis/${group}/${version}`;
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  return { ...local, paths };
}

/** Swagger with the extension servers' paths of their groups, and the definitions that these need; a name that is taken keeps its meaning. */
export function mergeSwagger(local: Json, remotes: readonly { group: string; version: string; swagger: Json }[]): Json {
  const paths: Json = { ...local["paths"] };
  const definitions: Json = { ...local["definitions"] };
  for (const { group, version, swagger } of remotes) {
    const prefix = `/apis/${group}/${version}/`;
    for (const [path, item] of Object.entries((swagger["paths"] ?? {}) as Json)) if (path.startsWith(prefix)) paths[path] = item;
    for (const [name, schema] of Object.entries((swagger["definitions"] ?? {}) as Json)) definitions[name] ??= schema;
  }
  return { ...local, paths, definitions };
}
