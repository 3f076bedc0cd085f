import { createPrivateKey, sign } from "node:crypto";

/** Claims of a token that lives in a Secret: no expiry, bound to the account's uid. */
export interface LegacyTokenSubject {
  namespace: string;
  account: string;
  accountUid: string;
  secret: string;
}

/** A legacy service account token (JWT, RS256 or ES256 by the kind of key). */
export function signLegacyToken(keyPem: string, subject: LegacyTokenSubject): string {
  const key = createPrivateKey(keyPem);
  const elliptic = key.asymmetricKeyType === "ec";
  const claims = {
    iss: "kubernetes/serviceaccount",
    "kubernetes.io/serviceaccount/namespace": subject.namespace,
    "kubernetes.io/serviceaccount/secret.name": subject.secret,
    "kubernetes.io/serviceaccount/service-account.name": subject.account,
    "kubernetes.io/serviceaccount/service-account.uid": subject.accountUid,
    sub: `system:serviceaccount:${subject.namespace}:${subject.account}`,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: elliptic ? "ES256" : "RS256", typ: "JWT" })}.${part(claims)}`;
  // JWS wants r and s side by side, not DER (RFC 7518, 3.4).
  const signature = sign("sha256", Buffer.from(text), elliptic ? { key, dsaEncoding: "ieee-p1363" } : key);
  return `${text}.${signature.toString("base64url")}`;
}
