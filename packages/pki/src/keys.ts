import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from "node:crypto";

/** ECDSA P-256: a key takes 0.1 ms where RSA 2048 takes 100 ms, and handshakes are cheaper too. */
export function generateKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }) as string;
}

export function publicKeyDer(key: KeyObject): Buffer {
  return (key.type === "public" ? key : createPublicKey(key)).export({ type: "spki", format: "der" }) as Buffer;
}

/** The pair that signs and verifies service account tokens (kubeadm's sa.key and sa.pub). */
export function createServiceAccountKey(): { privatePem: string; publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { privatePem: privateKeyPem(privateKey), publicPem: publicKey.export({ type: "spki", format: "pem" }) as string };
}

/** Signature algorithm and hash for a key: ECDSA with SHA-256, or RSA with SHA-256. */
export function signatureOid(key: KeyObject): string {
  return key.asymmetricKeyType === "rsa" ? "1.2.840.113549.1.1.11" : "1.2.840.10045.4.3.2";
}

export function signDer(key: KeyObject, data: Uint8Array): Buffer {
  return sign("sha256", data, key);
}

export function loadPrivateKey(pem: string): KeyObject {
  return createPrivateKey(pem);
}

/** kubeadm's discovery hash: SHA-256 of the CA's Subject Public Key Info. */
export function caCertHash(certPem: string): string {
  const spki = new X509Certificate(certPem).publicKey.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(spki).digest("hex")}`;
}

export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

export function pemBody(text: string, label: string): Buffer {
  const match = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text);
  if (!match) throw new Error(`no PEM block "${label}"`);
  return Buffer.from(match[1]!, "base64");
}
