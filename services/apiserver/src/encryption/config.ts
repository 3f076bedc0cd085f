import type { Random } from "@flotilla/base";
import { parse } from "yaml";
import { aesCbc, aesGcm, IDENTITY, type Provider } from "./provider.ts";

/** Some resources with the providers of their values, the writing one first. */
export interface Rule {
  /** "secrets", "widgets.example.com", "*.apps", "*." (the core group), "*.*". */
  readonly resources: readonly string[];
  readonly providers: readonly Provider[];
}

const KINDS = { aesgcm: { make: aesGcm, lengths: [16, 24, 32] }, aescbc: { make: aesCbc, lengths: [16, 24, 32] } } as const;
const VERSIONS = ["apiserver.config.k8s.io/v1", "v1"];

interface Document {
  apiVersion?: unknown;
  kind?: unknown;
  resources?: { resources?: unknown; providers?: Record<string, { keys?: { name?: unknown; secret?: unknown }[] } | undefined>[] }[];
}

/**
 * EncryptionConfiguration as in `--encryption-provider-config`. Secrets never show in messages.
 * @throws Error that names the field.
 */
export function parseEncryptionConfig(text: string, random: Random): Rule[] {
  const document = (parse(text) ?? {}) as Document;
  if (document.kind !== "EncryptionConfiguration" || !VERSIONS.includes(String(document.apiVersion)))
    throw new Error(
      `error decoding encryption provider configuration: no kind "${document.kind}" is registered for "${document.apiVersion}"`,
    );
  if (!Array.isArray(document.resources) || document.resources.length === 0)
    throw new Error("resources: Required value: at least one resource entry is required");
  const rules = document.resources.map((entry, i) => {
    const field = `resources[${i}]`;
    const { resources, providers } = entry ?? {};
    if (!Array.isArray(resources) || resources.length === 0) throw new Error(`${field}.resources: Required value: must not be empty`);
    if (!Array.isArray(providers) || providers.length === 0) throw new Error(`${field}.providers: Required value: must not be empty`);
    checkResources(`${field}.resources`, resources as unknown[]);
    return {
      resources: resources as string[],
      providers: providers.flatMap((one, j) => providersOf(`${field}.providers[${j}]`, one ?? {}, random)),
    };
  });
  checkNoRepetition(rules);
  return rules;
}

function checkResources(field: string, resources: readonly unknown[]): void {
  resources.forEach((resource, i) => {
    if (typeof resource !== "string" || resource === "") throw new Error(`${field}[${i}]: Invalid value: must be the name of a resource`);
    if (resource === "*")
      throw new Error(
        `${field}[${i}]: Invalid value: "*": use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources`,
      );
    if (resource.startsWith("*") && !resource.startsWith("*."))
      throw new Error(`${field}[${i}]: Invalid value: ${JSON.stringify(resource)}: not a wildcard`);
    if (resource === "events" || resource === "events.events.k8s.io") return;
    if (resource.toLowerCase() !== resource)
      throw new Error(`${field}[${i}]: Invalid value: ${JSON.stringify(resource)}: resource name should be lowercase`);
  });
}

function checkNoRepetition(rules: readonly Rule[]): void {
  const seen = new Set<string>();
  for (const resource of rules.flatMap((rule) => rule.resources)) {
    if (seen.has(resource))
      throw new Error(`resources: Invalid value: ${JSON.stringify(resource)}: the same resource cannot be specified multiple times`);
    seen.add(resource);
  }
}

function providersOf(
  field: string,
  one: NonNullable<NonNullable<Document["resources"]>[number]["providers"]>[number],
  random: Random,
): Provider[] {
  const names = Object.keys(one);
  if (names.length !== 1) throw new Error(`${field}: Invalid value: exactly one provider must be named in each entry`);
  const [name] = names as [string];
  if (name === "identity") return [IDENTITY];
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name as keyof typeof KINDS] : undefined;
  if (!kind) throw new Error(`${field}: Unsupported value: ${JSON.stringify(name)}: supported values: "aesgcm", "aescbc", "identity"`);
  const keys = one[name]?.keys ?? [];
  if (keys.length === 0) throw new Error(`${field}.${name}.keys: Required value: at least one key is required`);
  return keys.map(({ name: key, secret }, i) => {
    const at = `${field}.${name}.keys[${i}]`;
    if (typeof key !== "string" || key === "") throw new Error(`${at}.name: Required value: key must have a name`);
    if (key.includes(":")) throw new Error(`${at}.name: Invalid value: ${JSON.stringify(key)}: key name must not contain ':'`);
    return kind.make(key, secretOf(`${at}.secret`, secret, kind.lengths), random);
  });
}

function secretOf(field: string, secret: unknown, lengths: readonly number[]): Buffer {
  if (typeof secret !== "string" || secret === "") throw new Error(`${field}: Required value: a base64-encoded secret is required`);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(secret)) throw new Error(`${field}: Invalid value: "REDACTED": secret is not base64 encoded`);
  const bytes = Buffer.from(secret, "base64");
  if (!lengths.includes(bytes.length))
    throw new Error(
      `${field}: Invalid value: "REDACTED": secret is not of the expected length, got ${bytes.length}, expected one of [${lengths.join(" ")}]`,
    );
  return bytes;
}
