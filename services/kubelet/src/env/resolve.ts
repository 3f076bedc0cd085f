import type { ConfigMap, Container, Pod, Secret, Service } from "@flotilla/api";
import { StartError } from "../errors.ts";
import { expand } from "./expand.ts";
import { fieldValue, type PodAddresses, resourceValue } from "./fields.ts";
import { serviceEnv, visibleServices } from "./services.ts";

/** ConfigMaps and Secrets of the pod's namespace; undefined when there is none of that name. */
export interface ObjectSource {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
}

export interface EnvInput {
  objects: ObjectSource;
  services: readonly Service[];
  addresses: PodAddresses;
  allocatable: Record<string, string>;
}

/**
 * The environment of a container, in order: services, envFrom, env.
 * @throws StartError CreateContainerConfigError when a reference that is not optional leads nowhere.
 */
export async function resolveEnv(pod: Pod, container: Container, input: EnvInput): Promise<Map<string, string>> {
  const services = serviceEnv(visibleServices(input.services, pod.metadata.namespace!, pod.spec?.enableServiceLinks !== false));
  const result = new Map<string, string>();
  for (const source of container.envFrom ?? []) {
    for (const [key, value] of await envFrom(pod, source, input.objects)) result.set(key, value);
  }
  // What $(NAME) may refer to: everything before it, and services where the pod sets no such name.
  const known = new Map([...services, ...result]);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom ? await valueFrom(pod, container, variable, input) : expand(variable.value ?? "", known);
    if (value === undefined) continue;
    result.set(variable.name, value);
    known.set(variable.name, value);
  }
  return new Map([...services, ...result]);
}

type EnvVar = NonNullable<Container["env"]>[number];
type EnvFrom = NonNullable<Container["envFrom"]>[number];

async function envFrom(pod: Pod, source: EnvFrom, objects: ObjectSource): Promise<[string, string][]> {
  const prefix = source.prefix ?? "";
  const namespace = pod.metadata.namespace!;
  if (source.configMapRef) {
    const { name = "", optional } = source.configMapRef;
    const map = await objects.configMap(namespace, name);
    if (!map && !optional) throw configError(`configmap "${name}" not found`);
    return Object.entries(map?.data ?? {}).map(([k, v]) => [prefix + k, v]);
  }
  if (source.secretRef) {
    const { name = "", optional } = source.secretRef;
    const secret = await objects.secret(namespace, name);
    if (!secret && !optional) throw configError(`secret "${name}" not found`);
    return Object.entries(secret?.data ?? {}).map(([k, v]) => [prefix + k, decode(v)]);
  }
  return [];
}

async function valueFrom(pod: Pod, container: Container, variable: EnvVar, input: EnvInput): Promise<string | undefined> {
  const from = variable.valueFrom!;
  const namespace = pod.metadata.namespace!;
  if (from.fieldRef) {
    const value = fieldValue(pod, from.fieldRef.fieldPath, input.addresses);
    if (value === undefined) throw configError(`unsupported fieldPath: ${from.fieldRef.fieldPath}`);
    return value;
  }
  if (from.resourceFieldRef) {
    const source = sourceContainer(pod, container, from.resourceFieldRef.containerName);
    const value = resourceValue(source, from.resourceFieldRef as { resource: string; divisor?: string }, input.allocatable);
    if (value === undefined) throw configError(`unsupported container resource : ${from.resourceFieldRef.resource}`);
    return value;
  }
  if (from.configMapKeyRef) {
    const { name = "", key, optional } = from.configMapKeyRef;
    const map = await input.objects.configMap(namespace, name);
    if (!map && !optional) throw configError(`configmap "${name}" not found`);
    const value = map?.data?.[key];
    if (value === undefined && !optional) throw configError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    return value;
  }
  if (from.secretKeyRef) {
    const { name = "", key, optional } = from.secretKeyRef;
    const secret = await input.objects.secret(namespace, name);
    if (!secret && !optional) throw configError(`secret "${name}" not found`);
    const value = secret?.data?.[key];
    if (value === undefined && !optional) throw configError(`couldn't find key ${key} in Secret ${namespace}/${name}`);
    return value === undefined ? undefined : decode(value);
  }
  return undefined;
}

function sourceContainer(pod: Pod, container: Container, name: string | undefined): Container {
  return [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find((c) => c.name === name) ?? container;
}

const configError = (message: string) => new StartError("CreateContainerConfigError", message);
const decode = (base64: string) => Buffer.from(base64, "base64").toString("utf8");
