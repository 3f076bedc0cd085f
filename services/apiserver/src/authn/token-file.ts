import { timingSafeEqual } from "node:crypto";
import type { User } from "../request/call.ts";

/**
 * --token-auth-file: lines of `token,user,uid,"group1,group2"`.
 * @throws Error naming the line that lacks fields.
 */
export function tokenFileAuthenticator(text: string): (token: string) => Promise<User | undefined> {
  const users = text
    .split("\n")
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "" && !line.startsWith("#"))
    .map(({ line, number }) => {
      const [token, name, uid, groups] = splitCsv(line);
      if (!token || !name || uid === undefined) throw new Error(`token file line ${number}: want token,user,uid[,"groups"]`);
      const list = (groups ?? "").split(",").map((group) => group.trim());
      return { token: Buffer.from(token), user: { name, uid, groups: list.filter((group) => group !== "") } };
    });
  return async (token) => {
    const given = Buffer.from(token);
    // Compares with every line, in constant time each: the time tells nothing about how near a guess was.
    let found: (typeof users)[number]["user"] | undefined;
    for (const known of users) if (known.token.length === given.length && timingSafeEqual(known.token, given)) found = known.user;
    return found;
  };
}

function splitCsv(line: string): string[] {
  const fields: string[] = [];
  for (const match of line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)) {
    fields.push(match[1] === undefined ? match[2]!.trim() : match[1].replaceAll('""', '"'));
    if (match.index + match[0].length >= line.length) break;
  }
  return fields;
}
