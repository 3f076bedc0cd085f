import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Bundles change when they are renewed; connections come by the thousand. */
const PARSED_MAX = 16;
const parsed = new Map<string, X509Certificate[]>();

/** The certificates of a PEM bundle. @throws Error for one that is none */
export function certificatesOf(bundle: string): X509Certificate[] {
  let found = parsed.get(bundle);
  if (!found) {
    found = (bundle.match(BLOCK) ?? []).map((pem) => new X509Certificate(pem));
    if (parsed.size >= PARSED_MAX) parsed.clear();
    parsed.set(bundle, found);
  }
  return found;
}

/**
 * Whether one of the authorities stands above the certificate that the client showed. TLS has verified it against all
 * authorities together (dates, purposes, constraints); this says under which of them it is.
 */
export function isUnder(chain: readonly X509Certificate[], authorities: readonly X509Certificate[]): boolean {
  for (const [index, certificate] of chain.entries()) {
    const { fingerprint256 } = certificate;
    if (authorities.some((one) => one.fingerprint256 === fingerprint256 || signed(one, certificate))) return true;
    const next = chain[index + 1];
    if (!next || !signed(next, certificate)) return false;
  }
  return false;
}

const signed = (issuer: X509Certificate, certificate: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

/** What the client showed, and what stands above it, as far as it is known. */
export function chainOf(socket: Pick<TLSSocket, "getPeerCertificate">): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (at?.raw && !seen.has(at.fingerprint256)) {
    seen.add(at.fingerprint256);
    chain.push(new X509Certificate(at.raw));
    at = at.issuerCertificate as DetailedPeerCertificate | undefined;
  }
  return chain;
}
