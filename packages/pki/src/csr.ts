import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { certify, type IssueEnv, type KeyPair, type Usage } from "./certificate.ts";
import { bits, context, DerError, type DerNode, decode, decodeOid, integer, oid, sequence, set } from "./der.ts";
import { generateKey, pem, pemBody, privateKeyPem, publicKeyDer, signatureOid, signDer } from "./keys.ts";
import { decodeAltNames, decodeName, encodeAltNames, encodeName, extension, type Subject } from "./name.ts";

const LABEL = "CERTIFICATE REQUEST";
const OID_EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
const OID_ALT_NAMES = "2.5.29.17";

export interface ParsedCsr {
  subject: Required<Subject>;
  /** DNS names and IP addresses, mixed. */
  altNames: string[];
  /** Subject Public Key Info, DER. */
  spki: Buffer;
}

/** A PKCS #10 request (RFC 2986) with a new key. */
export function createCsr(subject: Subject, altNames: readonly string[] = []): { csr: string; key: string } {
  const key = generateKey();
  return { csr: csrFor(key, subject, altNames), key: privateKeyPem(key) };
}

function csrFor(key: KeyObject, subject: Subject, altNames: readonly string[]): string {
  const requested = altNames.length ? [sequence(extension(OID_ALT_NAMES, encodeAltNames(altNames)))] : [];
  const attributes = requested.length ? sequence(oid(OID_EXTENSION_REQUEST), set(...requested)) : Buffer.alloc(0);
  const body = sequence(integer(Buffer.from([0])), encodeName(subject), publicKeyDer(key), context(0, attributes));
  return pem(LABEL, sequence(body, sequence(oid(signatureOid(key))), bits(signDer(key, body))));
}

/** @throws DerError when it does not parse or its signature is not by its own key. */
export function parseCsr(csrPem: string): ParsedCsr {
  const root = decode(pemBody(csrPem, LABEL));
  const [body, , signature] = root.children;
  if (!body || !signature || body.children.length < 4) throw new DerError("not a certificate request");
  const [, name, spki, attributes] = body.children;
  const publicKey = createPublicKey({ key: spki!.raw, format: "der", type: "spki" });
  if (!verify("sha256", body.raw, publicKey, signature.content.subarray(1))) throw new DerError("bad signature");
  const { commonName, organizations = [] } = decodeName(name!);
  return { subject: { commonName, organizations }, altNames: requestedAltNames(attributes!), spki: Buffer.from(spki!.raw) };
}

function requestedAltNames(attributes: DerNode): string[] {
  for (const attribute of attributes.children) {
    const [type, values] = attribute.children;
    if (!type || decodeOid(type.content) !== OID_EXTENSION_REQUEST) continue;
    for (const ext of values?.children[0]?.children ?? []) {
      if (decodeOid(ext.children[0]!.content) === OID_ALT_NAMES) return decodeAltNames(decode(ext.children.at(-1)!.content));
    }
  }
  return [];
}

/** Signs what the request asks for; whether it may have it is the caller's decision. */
export function signCsr(
  authority: KeyPair,
  csrPem: string,
  options: { usages: readonly Usage[]; validity_ms?: number },
  env: IssueEnv,
): string {
  const { subject, altNames, spki } = parseCsr(csrPem);
  return certify(authority, spki, { ...options, subject, altNames }, env);
}
