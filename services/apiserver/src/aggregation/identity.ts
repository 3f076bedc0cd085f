import type { User } from "../request/call.ts";

/** Who asks, as an extension server reads it of a front proxy it trusts (authentication: requestheader). */
export function identityHeaders(user: User): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { "X-Remote-User": bytes(user.name), "X-Remote-Group": user.groups.map(bytes) };
  if (user.uid) headers["X-Remote-Uid"] = bytes(user.uid);
  for (const [key, values] of Object.entries(user.extra ?? {})) headers[`X-Remote-Extra-${escapeKey(key)}`] = values.map(bytes);
  return headers;
}

/** UTF-8, as Go writes and reads it; Node puts each character into one byte. */
const bytes = (text: string): string => Buffer.from(text).toString("latin1");

/** Characters that a header's name may not have are percent-encoded, and the percent sign itself. */
const escapeKey = (key: string): string =>
  key.replace(/[^!#$&'*+\-.^_`|~0-9A-Za-z]/gu, (char) =>
    Array.from(new TextEncoder().encode(char), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
