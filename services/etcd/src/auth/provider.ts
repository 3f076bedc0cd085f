import { readFileSync } from "node:fs";
import type { Clock } from "@flotilla/base";
import { FlagError, parseDuration } from "@flotilla/process/flags.ts";
import { type JwtOptions, JwtTokens } from "./jwt.ts";
import { SimpleTokens } from "./simple-tokens.ts";

export type TokenSpec = { kind: "simple" } | { kind: "jwt"; publicKeyFile: string; privateKeyFile: string; method: string; ttl_ms: number };

const JWT_TTL_MS = 300_000;
const JWT_OPTIONS = ["sign-method", "pub-key", "priv-key", "ttl"];

/** `--auth-token`: `simple`, or `jwt,pub-key=…,priv-key=…,sign-method=…,ttl=…`. @throws FlagError. */
export function parseTokenSpec(text: string): TokenSpec {
  const [kind, ...parts] = text.split(",");
  if (kind === "" || kind === "simple") return { kind: "simple" };
  if (kind !== "jwt") throw new FlagError(`--auth-token must be "simple" or begin with "jwt", not "${kind}"`);
  const options = new Map<string, string>();
  for (const part of parts) {
    const at = part.indexOf("=");
    const name = part.slice(0, at);
    if (at < 1 || !JWT_OPTIONS.includes(name)) throw new FlagError(`--auth-token: "${part}" is not one of ${JWT_OPTIONS.join(", ")}`);
    if (options.has(name)) throw new FlagError(`--auth-token: ${name} is given twice`);
    options.set(name, part.slice(at + 1));
  }
  const method = options.get("sign-method");
  if (!method) throw new FlagError("--auth-token: jwt needs sign-method");
  const ttl_ms = options.has("ttl") ? parseDuration(options.get("ttl")!) : JWT_TTL_MS;
  if (!ttl_ms || ttl_ms < 0) throw new FlagError(`--auth-token: ttl "${options.get("ttl")}" is not a duration`);
  return { kind, method, ttl_ms, publicKeyFile: options.get("pub-key") ?? "", privateKeyFile: options.get("priv-key") ?? "" };
}

/** @throws Error when a key cannot be read or does not fit the method. */
export function createTokens(spec: TokenSpec, simpleTtl_s: number, clock: Clock): SimpleTokens | JwtTokens {
  if (spec.kind === "simple") return new SimpleTokens(clock, simpleTtl_s);
  const file = (path: string) => (path === "" ? undefined : readFileSync(path));
  const options: JwtOptions = { ...spec, publicKey: file(spec.publicKeyFile), privateKey: file(spec.privateKeyFile) };
  return new JwtTokens(clock, options);
}
