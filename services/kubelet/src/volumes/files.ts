import type { ConfigMap, Pod, Secret } from "@flotilla/api";
import { fieldValue, type PodAddresses, resourceValue } from "../env/fields.ts";
import type { ObjectSource } from "../env/resolve.ts";
import type { FileEntry } from "./atomic-writer.ts";
import { safeRelative, type Volume } from "./plan.ts";

export interface FileSources {
  objects: ObjectSource;
  token(pod: Pod, audience: string | undefined, expiration_s: number): Promise<string>;
  addresses: PodAddresses;
  allocatable: Record<string, string>;
}

type Items = { key: string; path: string; mode?: number }[] | undefined;
type DownwardItems = NonNullable<NonNullable<Volume["downwardAPI"]>["items"]>;
type Projection = NonNullable<NonNullable<Volume["projected"]>["sources"]>[number];

/** The files a configMap, secret, downwardAPI or projected volume holds now. @throws Error that says what is missing. */
export async function volumeFiles(pod: Pod, volume: Volume, sources: FileSources): Promise<Map<string, FileEntry>> {
  const files = new Map<string, FileEntry>();
  const namespace = pod.metadata.namespace!;
  if (volume.configMap) {
    const { name = "", items, optional, defaultMode } = volume.configMap;
    await addConfigMap(files, namespace, name, items, optional, defaultMode, sources);
  } else if (volume.secret) {
    const { secretName = "", items, optional, defaultMode } = volume.secret;
    await addSecret(files, namespace, secretName, items, optional, defaultMode, sources);
  } else if (volume.downwardAPI) {
    addDownward(files, pod, volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode, sources);
  } else {
    for (const source of volume.projected?.sources ?? []) await addProjection(files, pod, source, volume.projected?.defaultMode, sources);
  }
  return files;
}

async function addProjection(
  files: Map<string, FileEntry>,
  pod: Pod,
  source: Projection,
  mode: number | undefined,
  sources: FileSources,
): Promise<void> {
  const namespace = pod.metadata.namespace!;
  if (source.configMap) {
    const { name = "", items, optional } = source.configMap;
    await addConfigMap(files, namespace, name, items, optional, mode, sources);
  }
  if (source.secret) {
    const { name = "", items, optional } = source.secret;
    await addSecret(files, namespace, name, items, optional, mode, sources);
  }
  if (source.downwardAPI) addDownward(files, pod, source.downwardAPI.items ?? [], mode, sources);
  if (source.serviceAccountToken) {
    const { audience, expirationSeconds = 3600, path } = source.serviceAccountToken;
    add(files, path, Buffer.from(await sources.token(pod, audience, expirationSeconds)), mode);
  }
}

async function addConfigMap(
  files: Map<string, FileEntry>,
  namespace: string,
  name: string,
  items: Items,
  optional: boolean | undefined,
  mode: number | undefined,
  sources: FileSources,
): Promise<void> {
  const map = await sources.objects.configMap(namespace, name);
  if (!map && !optional) throw new Error(`configmap "${name}" not found`);
  addKeys(files, configMapData(map), items, optional, mode);
}

async function addSecret(
  files: Map<string, FileEntry>,
  namespace: string,
  name: string,
  items: Items,
  optional: boolean | undefined,
  mode: number | undefined,
  sources: FileSources,
): Promise<void> {
  const secret = await sources.objects.secret(namespace, name);
  if (!secret && !optional) throw new Error(`secret "${name}" not found`);
  addKeys(files, secretData(secret), items, optional, mode);
}

function configMapData(map: ConfigMap | undefined): Map<string, Buffer> {
  const text = Object.entries(map?.data ?? {}).map(([k, v]) => [k, Buffer.from(v)] as const);
  const binary = Object.entries(map?.binaryData ?? {}).map(([k, v]) => [k, Buffer.from(v, "base64")] as const);
  return new Map([...text, ...binary]);
}

function secretData(secret: Secret | undefined): Map<string, Buffer> {
  return new Map(Object.entries(secret?.data ?? {}).map(([k, v]) => [k, Buffer.from(v, "base64")]));
}

function addKeys(files: Map<string, FileEntry>, data: Map<string, Buffer>, items: Items, optional = false, mode?: number): void {
  if (!items?.length) {
    for (const [key, value] of data) add(files, key, value, mode);
    return;
  }
  for (const item of items) {
    const value = data.get(item.key);
    if (value) add(files, item.path, value, item.mode ?? mode);
    else if (!optional) throw new Error(`references non-existent config key: ${item.key}`);
  }
}

function addDownward(files: Map<string, FileEntry>, pod: Pod, items: DownwardItems, mode: number | undefined, sources: FileSources): void {
  for (const item of items) {
    let value: string | undefined;
    if (item.fieldRef) value = fieldValue(pod, item.fieldRef.fieldPath, sources.addresses);
    else if (item.resourceFieldRef) {
      const container = pod.spec?.containers.find((c) => c.name === item.resourceFieldRef!.containerName);
      if (container) value = resourceValue(container, item.resourceFieldRef as { resource: string; divisor?: string }, sources.allocatable);
    }
    if (value === undefined) throw new Error(`downwardAPI item ${item.path} cannot be resolved`);
    add(files, item.path, Buffer.from(value), item.mode ?? mode);
  }
}

function add(files: Map<string, FileEntry>, path: string, data: Buffer, mode = 0o644): void {
  const clean = safeRelative(path);
  if (clean === undefined) throw new Error(`path "${path}" leaves the volume`);
  files.set(clean, { data, mode });
}
