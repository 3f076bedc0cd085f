import type { User } from "../request/call.ts";

/** How a front proxy tells who asks (--requestheader-*): to extension servers by us, and to us by others. */
export interface RequestHeaderConfig {
  /** PEM: authorities of front proxies; undefined: nobody is believed. */
  clientCa: string | undefined;
  /** Common names of front proxies; empty: any that its authority has signed. */
  allowedNames: readonly string[];
  usernameHeaders: readonly string[];
  uidHeaders: readonly string[];
  groupHeaders: readonly string[];
  extraPrefixes: readonly string[];
}

/** Name, value, name, value: as they came. Joined lines would make two groups of one whose name has a comma. */
export type RawHeaders = readonly string[];

/** The user that a front proxy names; undefined: it names nobody. Whether it is to be believed, the caller knows. */
export function proxiedUser(config: Omit<RequestHeaderConfig, "clientCa" | "allowedNames">, headers: RawHeaders): User | undefined {
  const name = firstOf(headers, config.usernameHeaders);
  if (name === "") return undefined;
  const uid = firstOf(headers, config.uidHeaders);
  const extra = new Map<string, string[]>();
  for (const prefix of config.extraPrefixes) {
    for (const [header, value] of pairs(headers)) {
      if (!header.startsWith(prefix.toLowerCase())) continue;
      const key = unescapeKey(header.slice(prefix.length));
      extra.set(key, [...(extra.get(key) ?? []), value]);
    }
  }
  return {
    name,
    groups: config.groupHeaders.flatMap((header) => headerValues(headers, header)),
    ...(uid === "" ? {} : { uid }),
    ...(extra.size > 0 ? { extra: Object.fromEntries(extra) } : {}),
  };
}

/** Values of all lines with this name, in whatever case. */
export const headerValues = (headers: RawHeaders, name: string): string[] =>
  [...pairs(headers)].flatMap(([header, value]) => (header === name.toLowerCase() ? [value] : []));

const firstOf = (headers: RawHeaders, names: readonly string[]): string =>
  names.map((name) => headerValues(headers, name)[0] ?? "").find((value) => value !== "") ?? "";

/** Names in lower case; values as UTF-8, which Node reads byte by byte. */
export function* pairs(headers: RawHeaders): Generator<[string, string]> {
  for (let at = 0; at + 1 < headers.length; at += 2) yield [headers[at]!.toLowerCase(), Buffer.from(headers[at + 1]!, "latin1").toString()];
}

/** Keys may be percent-encoded; one that is so by accident is taken as it stands. */
export function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
