import { constants, createHmac, createPrivateKey, createPublicKey, type KeyObject, sign, timingSafeEqual, verify } from "node:crypto";
import type { Clock } from "@flotilla/base";
import type { AuthInfo } from "./types.ts";

export interface JwtOptions {
  /** PEM; for HMAC methods the secret itself. Missing: this member only checks, or only signs with a private key's public part. */
  readonly publicKey: Buffer | undefined;
  readonly privateKey: Buffer | undefined;
  readonly method: string;
  readonly ttl_ms: number;
}

interface Claims {
  username?: unknown;
  revision?: unknown;
  exp?: unknown;
}

/** JSON web tokens (RFC 7519): the user and the auth store's revision, signed. Nothing is kept; a token of an older revision is refused. */
export class JwtTokens {
  private readonly clock: Clock;
  private readonly method: string;
  private readonly ttl_ms: number;
  private readonly signer: ((data: Buffer) => Buffer) | undefined;
  private readonly verifier: (data: Buffer, signature: Buffer) => boolean;

  /** @throws Error when the method is unknown or its key is missing. */
  constructor(clock: Clock, options: JwtOptions) {
    this.clock = clock;
    this.method = options.method;
    this.ttl_ms = options.ttl_ms;
    const { signer, verifier } = algorithm(options);
    this.signer = signer;
    this.verifier = verifier;
  }

  /** @throws Error on a member that has no private key. */
  issue({ user, revision }: AuthInfo): string {
    if (!this.signer) throw new Error("auth: cannot sign tokens: --auth-token names no priv-key");
    const exp = Math.floor((this.clock.now() + this.ttl_ms) / 1000);
    const body = `${part({ alg: this.method, typ: "JWT" })}.${part({ username: user, revision, exp })}`;
    return `${body}.${this.signer(Buffer.from(body)).toString("base64url")}`;
  }

  verify(token: string): AuthInfo | undefined {
    const [head, body, signature, more] = token.split(".");
    if (!head || !body || !signature || more !== undefined) return undefined;
    try {
      // The method is the configured one, whatever the token says of itself.
      if ((JSON.parse(text(head)) as { alg?: string }).alg !== this.method) return undefined;
      if (!this.verifier(Buffer.from(`${head}.${body}`), Buffer.from(signature, "base64url"))) return undefined;
      const { username, revision, exp } = JSON.parse(text(body)) as Claims;
      if (typeof username !== "string" || typeof revision !== "number" || typeof exp !== "number") return undefined;
      return exp * 1000 > this.clock.now() ? { user: username, revision } : undefined;
    } catch {
      return undefined;
    }
  }
}

function algorithm({ method, publicKey, privateKey }: JwtOptions) {
  const [, family, bits] = /^(RS|PS|ES|HS)(256|384|512)$/.exec(method) ?? (method === "EdDSA" ? [method, method, ""] : []);
  if (!family) throw new Error(`--auth-token: unknown sign-method "${method}"`);
  if (family === "HS") return hmac(`sha${bits}`, privateKey ?? publicKey);
  const secret = privateKey && createPrivateKey(privateKey);
  const open = publicKey ? createPublicKey(publicKey) : secret && createPublicKey(privateKey);
  if (!open) throw new Error("--auth-token: jwt needs pub-key or priv-key");
  const hash = family === "EdDSA" ? null : `sha${bits}`;
  const padding =
    family === "PS"
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : family === "ES"
        ? { dsaEncoding: "ieee-p1363" as const }
        : {};
  const keyed = (key: KeyObject) => ({ key, ...padding });
  return {
    signer: secret && ((data: Buffer) => sign(hash, data, keyed(secret))),
    verifier: (data: Buffer, signature: Buffer) => verify(hash, data, keyed(open), signature),
  };
}

function hmac(hash: string, secret: Buffer | undefined) {
  if (!secret) throw new Error("--auth-token: jwt needs priv-key, the secret");
  const mac = (data: Buffer) => createHmac(hash, secret).update(data).digest();
  return {
    signer: mac,
    verifier: (data: Buffer, signature: Buffer) => {
      const expected = mac(data);
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    },
  };
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const text = (base64: string) => Buffer.from(base64, "base64url").toString("utf8");
