import { type Random, randomInt } from "@flotilla/base";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

/** A bootstrap token: `id.secret`, 6 and 16 characters (authentication.k8s.io, "Token format"). */
export interface BootstrapToken {
  id: string;
  secret: string;
}

export function createBootstrapToken(random: Random): BootstrapToken {
  const text = (length: number) => Array.from({ length }, () => ALPHABET[randomInt(random, ALPHABET.length)]).join("");
  return { id: text(6), secret: text(16) };
}

export function parseBootstrapToken(text: string): BootstrapToken | undefined {
  const match = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(text);
  return match ? { id: match[1]!, secret: match[2]! } : undefined;
}
