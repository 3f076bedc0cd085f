import { createHash, type KeyObject, X509Certificate } from "node:crypto";
import type { Random } from "@flotilla/base";
import { bits, boolean, context, decode, integer, octets, oid, sequence, time } from "./der.ts";
import { generateKey, loadPrivateKey, pem, pemBody, privateKeyPem, publicKeyDer, signatureOid, signDer } from "./keys.ts";
import { encodeAltNames, encodeName, extension, type Subject } from "./name.ts";

/** A certificate with its private key, both PEM. */
export interface KeyPair {
  cert: string;
  key: string;
}

export type Usage = "server" | "client";

export interface IssueOptions {
  subject: Subject;
  /** DNS names and IP addresses, mixed. */
  altNames?: readonly string[];
  usages: readonly Usage[];
  validity_ms?: number;
}

/** What issuing needs from outside: the time for validity, chance for serial numbers. */
export interface IssueEnv {
  now_ms: number;
  random: Random;
}

const DAY_MS = 86_400_000;
const CA_VALIDITY_MS = 3650 * DAY_MS;
const LEAF_VALIDITY_MS = 365 * DAY_MS;
/** Certificates start a little in the past: clocks of machines differ. */
const BACKDATE_MS = 5 * 60_000;

const EXTENDED_USAGE: Record<Usage, string> = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" };
const OID = {
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  altNames: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
};

/** A self-signed certificate authority, valid for ten years as kubeadm's. */
export function createAuthority(commonName: string, env: IssueEnv): KeyPair {
  const key = generateKey();
  const name = encodeName({ commonName });
  const spki = publicKeyDer(key);
  const cert = signCertificate({
    issuer: name,
    subject: name,
    spki,
    signingKey: key,
    validity_ms: CA_VALIDITY_MS,
    env,
    extensions: [
      // digitalSignature, keyEncipherment, keyCertSign
      extension(OID.keyUsage, bits(Buffer.from([0b10100100]), 2), true),
      extension(OID.basicConstraints, sequence(boolean(true)), true),
      extension(OID.subjectKeyId, octets(keyId(spki))),
    ],
  });
  return { cert, key: privateKeyPem(key) };
}

/** A new key and a certificate for it, signed by `authority`. */
export function issue(authority: KeyPair, options: IssueOptions, env: IssueEnv): KeyPair {
  const key = generateKey();
  return { cert: certify(authority, publicKeyDer(key), options, env), key: privateKeyPem(key) };
}

/** A certificate for someone else's public key (Subject Public Key Info, DER). */
export function certify(authority: KeyPair, spki: Uint8Array, options: IssueOptions, env: IssueEnv): string {
  const ca = new X509Certificate(authority.cert);
  const caSpki = ca.publicKey.export({ type: "spki", format: "der" }) as Buffer;
  return signCertificate({
    issuer: subjectDer(authority.cert),
    subject: encodeName(options.subject),
    spki,
    signingKey: loadPrivateKey(authority.key),
    validity_ms: Math.min(options.validity_ms ?? LEAF_VALIDITY_MS, new Date(ca.validTo).getTime() - env.now_ms),
    env,
    extensions: [
      extension(OID.keyUsage, bits(Buffer.from([0b10100000]), 5), true),
      extension(OID.extendedKeyUsage, sequence(...options.usages.map((usage) => oid(EXTENDED_USAGE[usage])))),
      extension(OID.basicConstraints, sequence(), true),
      extension(OID.authorityKeyId, sequence(context(0, keyId(caSpki), false))),
      ...(options.altNames?.length ? [extension(OID.altNames, encodeAltNames(options.altNames))] : []),
    ],
  });
}

interface Unsigned {
  issuer: Uint8Array;
  subject: Uint8Array;
  spki: Uint8Array;
  signingKey: KeyObject;
  validity_ms: number;
  env: IssueEnv;
  extensions: Uint8Array[];
}

/** RFC 5280, 4.1: a version 3 certificate. */
function signCertificate(unsigned: Unsigned): string {
  const { env } = unsigned;
  const algorithm = sequence(oid(signatureOid(unsigned.signingKey)));
  const serial = Buffer.from(env.random.bytes(16));
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = sequence(
    context(0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    unsigned.issuer,
    sequence(time(env.now_ms - BACKDATE_MS), time(env.now_ms + unsigned.validity_ms)),
    unsigned.subject,
    unsigned.spki,
    context(3, sequence(...unsigned.extensions)),
  );
  return pem("CERTIFICATE", sequence(body, algorithm, bits(signDer(unsigned.signingKey, body))));
}

function keyId(spki: Uint8Array): Buffer {
  return createHash("sha1").update(spki).digest();
}

/** The subject exactly as encoded: a child's issuer must match it byte for byte. */
function subjectDer(certPem: string): Buffer {
  const body = decode(pemBody(certPem, "CERTIFICATE")).children[0]!;
  return body.children[5]!.raw;
}
