import type { Rule } from "./config.ts";
import { IDENTITY, type Provider, SEALED } from "./provider.ts";

/** Where a folder of the store belongs: "/registry/deployments/…" is deployments of group apps. */
export interface GroupResource {
  group: string;
  resource: string;
}

export interface Opened {
  value: Buffer;
  /** Another provider than today's wrote it: the next update writes it anew, even if nothing else changes. */
  stale: boolean;
}

/**
 * Between the caches and the store: seals what is written and opens what is read. The first provider
 * of a resource writes; all of them read, each the values with its prefix.
 */
export class Transformer {
  private rules: readonly Rule[];
  private readonly known = new Map<string, readonly Provider[]>();
  private readonly homeOf: (folder: string) => GroupResource;

  /** `homeOf` tells the group and resource of a folder of the store. */
  constructor(rules: readonly Rule[], homeOf: (folder: string) => GroupResource) {
    this.rules = rules;
    this.homeOf = homeOf;
  }

  /** New keys from now on; values already read stay as they are. */
  replace(rules: readonly Rule[]): void {
    this.rules = rules;
    this.known.clear();
  }

  seal(folder: string, key: string, value: Buffer): Buffer {
    const [provider] = this.providersOf(folder) as [Provider];
    if (provider === IDENTITY) return value;
    return Buffer.concat([Buffer.from(provider.prefix), provider.seal(value, Buffer.from(key))]);
  }

  /** @throws Error when no provider opens it. */
  open(folder: string, key: string, value: Buffer): Opened {
    const providers = this.providersOf(folder);
    for (const [index, provider] of providers.entries()) {
      if (provider === IDENTITY && providers.length > 1 && value.subarray(0, SEALED.length).equals(SEALED)) continue;
      // A key's name may have letters that are more than one byte.
      const prefix = Buffer.from(provider.prefix);
      if (!value.subarray(0, prefix.length).equals(prefix)) continue;
      try {
        return { value: provider.open(value.subarray(prefix.length), Buffer.from(key)), stale: index > 0 };
      } catch (error) {
        // Two keys may have the same name while one replaces the other.
        if (!providers.slice(index + 1).some(({ prefix }) => prefix === provider.prefix)) throw unreadable(key, error as Error);
      }
    }
    throw unreadable(key, new Error("no matching prefix found"));
  }

  private providersOf(folder: string): readonly Provider[] {
    let found = this.known.get(folder);
    if (!found) {
      const home = this.homeOf(folder);
      found = this.rules.find(({ resources }) => resources.some((pattern) => matches(pattern, home)))?.providers ?? [IDENTITY];
      this.known.set(folder, found);
    }
    return found;
  }
}

function matches(pattern: string, { group, resource }: GroupResource): boolean {
  if (pattern === "*.*") return true;
  const dot = pattern.indexOf(".");
  const [name, home] = dot < 0 ? [pattern, ""] : [pattern.slice(0, dot), pattern.slice(dot + 1)];
  return home === group && (name === "*" || name === resource);
}

const unreadable = (key: string, error: Error): Error => new Error(`unable to transform key ${JSON.stringify(key)}: ${error.message}`);
