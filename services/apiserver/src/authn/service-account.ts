import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { KubeObject, PodSpec } from "@flotilla/api";
import { type Clock, type Random, uuid } from "@flotilla/base";
import { CompactSign, compactVerify, decodeProtectedHeader } from "jose";
import type { User } from "../request/call.ts";
import type { Store } from "../storage/store.ts";
import type { TokenAuthenticator } from "./authenticator.ts";

const LEGACY_ISSUER = "kubernetes/serviceaccount";
const VERIFIED_MAX = 5_000;
/** Clocks of other machines may differ by this much. */
const LEEWAY_SECONDS = 10;
/** Tokens live this much longer than what they are bound to was meant to. */
const DELETED_LEEWAY_MS = 60_000;

export interface ServiceAccountKeys {
  /** PEM files: public keys, private keys or certificates. */
  verify: string[];
  sign: string | undefined;
  /** Of new tokens the first; all are accepted, so that it can be changed. */
  issuers: string[];
  audiences: string[];
}

interface Reference {
  name: string;
  uid: string;
}

interface Claims {
  iss: string;
  sub: string;
  aud?: string[] | string;
  exp?: number;
  nbf?: number;
  jti?: string;
  "kubernetes.io"?: { namespace: string; serviceaccount: Reference; pod?: Reference; secret?: Reference; node?: Reference };
  [legacy: `kubernetes.io/serviceaccount/${string}`]: string | undefined;
}

export interface TokenRequestSpec {
  namespace: string;
  serviceAccount: Reference;
  audiences: string[];
  expiration_seconds: number;
  pod?: Reference | undefined;
  secret?: Reference | undefined;
  node?: Reference | undefined;
}

interface VerifyKey {
  id: string;
  key: KeyObject;
  algorithm: string;
}

/** Issues and checks service account tokens (KEP-1205 bound tokens, and the older kind kept in Secrets). */
export class ServiceAccountTokens {
  private readonly keys: VerifyKey[];
  private readonly signer: VerifyKey | undefined;
  private readonly verified = new Map<string, Claims>();
  private readonly store: Store;
  private readonly clock: Clock;
  private readonly random: Random;
  readonly issuer: string;
  private readonly issuers: readonly string[];
  readonly audiences: string[];

  constructor(store: Store, clock: Clock, random: Random, keys: ServiceAccountKeys) {
    this.store = store;
    this.clock = clock;
    this.random = random;
    this.keys = keys.verify.map((pem) => verifyKey(createPublicKey(pem)));
    this.signer = keys.sign === undefined ? undefined : { ...verifyKey(createPublicKey(keys.sign)), key: createPrivateKey(keys.sign) };
    if (this.signer && !this.keys.some((key) => key.id === this.signer!.id)) this.keys.push(verifyKey(createPublicKey(keys.sign!)));
    this.issuers = keys.issuers;
    this.issuer = keys.issuers[0]!;
    this.audiences = keys.audiences;
  }

  /** @throws Error when no signing key is configured. */
  async issue(spec: TokenRequestSpec): Promise<{ token: string; expires_ms: number }> {
    if (!this.signer) throw new Error("no --service-account-signing-key-file");
    const now = Math.floor(this.clock.now() / 1000);
    const exp = now + spec.expiration_seconds;
    const claims = {
      aud: spec.audiences,
      exp,
      iat: now,
      iss: this.issuer,
      jti: uuid(this.random),
      "kubernetes.io": {
        namespace: spec.namespace,
        ...(spec.node ? { node: spec.node } : {}),
        ...(spec.pod ? { pod: spec.pod } : {}),
        ...(spec.secret ? { secret: spec.secret } : {}),
        serviceaccount: spec.serviceAccount,
      },
      nbf: now,
      sub: `system:serviceaccount:${spec.namespace}:${spec.serviceAccount.name}`,
    };
    const header = { alg: this.signer.algorithm, kid: this.signer.id };
    const token = await new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).sign(this.signer.key);
    return { token, expires_ms: exp * 1000 };
  }

  /** OpenID discovery: where the keys are, and the keys. */
  discovery(server: string): { configuration: object; keys: object } {
    return {
      configuration: {
        issuer: this.issuer,
        jwks_uri: `${server}/openid/v1/jwks`,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: [...new Set(this.keys.map(({ algorithm }) => algorithm))],
      },
      keys: {
        keys: this.keys.map(({ id, key, algorithm }) => ({ use: "sig", kid: id, alg: algorithm, ...key.export({ format: "jwk" }) })),
      },
    };
  }

  readonly authenticate: TokenAuthenticator = async (token, wanted) => {
    const claims = await this.verify(token);
    if (!claims) return undefined;
    const now = this.clock.now() / 1000;
    if (claims.exp !== undefined && claims.exp <= now) return undefined;
    if (claims.nbf !== undefined && claims.nbf > now + LEEWAY_SECONDS) return undefined;
    // The older kind names no audience: it is for the API itself.
    const legacy = claims.iss === LEGACY_ISSUER;
    const given = legacy ? this.audiences : [claims.aud ?? []].flat();
    const audiences = wanted.filter((audience) => given.includes(audience));
    if (audiences.length === 0) return undefined;
    const known = () => (legacy ? this.legacyUser(claims, token) : this.boundUser(claims));
    let user = known();
    if (!user) {
      // What the token is bound to may have been made a moment ago, through another server.
      await this.store.fresh();
      user = known();
    }
    return user && { user, audiences };
  };

  private async verify(token: string): Promise<Claims | undefined> {
    const known = this.verified.get(token);
    if (known) return known;
    if (token.split(".").length !== 3) return undefined;
    try {
      const { kid } = decodeProtectedHeader(token);
      for (const { id, key, algorithm } of this.keys) {
        if (kid !== undefined && kid !== "" && kid !== id) continue;
        const payload = await compactVerify(token, key, { algorithms: [algorithm] }).then(
          (result) => result.payload,
          () => undefined,
        );
        if (!payload) continue;
        const claims = JSON.parse(Buffer.from(payload).toString()) as Claims;
        if (!this.issuers.includes(claims.iss) && claims.iss !== LEGACY_ISSUER) return undefined;
        if (this.verified.size >= VERIFIED_MAX) this.verified.clear();
        this.verified.set(token, claims);
        return claims;
      }
    } catch {
      // Not a JWT at all.
    }
    return undefined;
  }

  private boundUser(claims: Claims): User | undefined {
    const bound = claims["kubernetes.io"];
    if (!bound?.namespace || !bound.serviceaccount) return undefined;
    const { namespace, serviceaccount, pod, secret, node } = bound;
    if (!this.stands("serviceaccounts", namespace, serviceaccount)) return undefined;
    const livePod = pod && this.stands("pods", namespace, pod);
    if (pod && !livePod) return undefined;
    if (secret && !this.stands("secrets", namespace, secret)) return undefined;
    if (node && (livePod ? livePod["spec"] && (livePod["spec"] as PodSpec).nodeName !== node.name : !this.stands("nodes", "", node)))
      return undefined;
    const extra: Record<string, string[]> = {};
    if (claims.jti) extra["authentication.kubernetes.io/credential-id"] = [`JTI=${claims.jti}`];
    if (pod) {
      extra["authentication.kubernetes.io/pod-name"] = [pod.name];
      extra["authentication.kubernetes.io/pod-uid"] = [pod.uid];
    }
    if (node) {
      extra["authentication.kubernetes.io/node-name"] = [node.name];
      extra["authentication.kubernetes.io/node-uid"] = [node.uid];
    }
    return serviceAccountUser(namespace, serviceaccount, extra);
  }

  private legacyUser(claims: Claims, token: string): User | undefined {
    const claim = (name: string) => claims[`kubernetes.io/serviceaccount/${name}`] ?? "";
    const namespace = claim("namespace");
    const account = { name: claim("service-account.name"), uid: claim("service-account.uid") };
    if (!this.stands("serviceaccounts", namespace, account)) return undefined;
    const secret = this.store.cache("secrets").get(`/registry/secrets/${namespace}/${claim("secret.name")}`)?.object;
    const stored = (secret?.["data"] as Record<string, string> | undefined)?.["token"];
    if (!stored || Buffer.from(stored, "base64").toString() !== token) return undefined;
    return serviceAccountUser(namespace, account, undefined);
  }

  /** The object if it is still the one the token was bound to. */
  private stands(resource: string, namespace: string, reference: Reference): KubeObject | undefined {
    const key = namespace === "" ? `/registry/${resource}/${reference.name}` : `/registry/${resource}/${namespace}/${reference.name}`;
    const object = this.store.cache(resource).get(key)?.object;
    if (object?.metadata.uid !== reference.uid) return undefined;
    const { deletionTimestamp } = object.metadata;
    // What is going may still do its last work.
    const gone = deletionTimestamp !== undefined && Date.parse(deletionTimestamp) + DELETED_LEEWAY_MS < this.clock.now();
    return gone ? undefined : object;
  }
}

function serviceAccountUser(namespace: string, account: Reference, extra: Record<string, string[]> | undefined): User {
  return {
    name: `system:serviceaccount:${namespace}:${account.name}`,
    uid: account.uid,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
    ...(extra ? { extra } : {}),
  };
}

function verifyKey(key: KeyObject): VerifyKey {
  const der = key.export({ type: "spki", format: "der" });
  const id = createHash("sha256").update(der).digest("base64url");
  return { id, key, algorithm: algorithmOf(key) };
}

function algorithmOf(key: KeyObject): string {
  if (key.asymmetricKeyType === "rsa") return "RS256";
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "ec" && curve === "prime256v1") return "ES256";
  if (key.asymmetricKeyType === "ec" && curve === "secp384r1") return "ES384";
  if (key.asymmetricKeyType === "ec" && curve === "secp521r1") return "ES512";
  throw new Error(`service account key: unsupported type ${key.asymmetricKeyType} ${curve ?? ""}`);
}
