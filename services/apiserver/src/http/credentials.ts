import type { IncomingHttpHeaders } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Credentials } from "../request/call.ts";

export type CertificateCredentials = Pick<Credentials, "certificate" | "badCertificate">;

const KEY = Symbol("credentials");

/** Read once per connection: h2's socket proxy passes the symbol through. */
export function certificateOf(socket: TLSSocket): CertificateCredentials {
  const holder = socket as unknown as { [KEY]?: CertificateCredentials };
  holder[KEY] ??= readCertificate(socket);
  return holder[KEY];
}

function readCertificate(socket: TLSSocket): CertificateCredentials {
  const peer = socket.getPeerCertificate?.();
  if (!peer || Object.keys(peer).length === 0) return {};
  if (!socket.authorized) return { badCertificate: true };
  return subjectOf(peer.subject as unknown as Record<string, string | string[] | undefined>);
}

/** CN is the user, each O a group. */
export function subjectOf(subject: Record<string, string | string[] | undefined>): CertificateCredentials {
  const commonName = [subject["CN"] ?? ""].flat()[0]!;
  if (commonName === "") return { badCertificate: true };
  return { certificate: { commonName, organizations: [subject["O"] ?? []].flat() } };
}

export function credentialsOf(certificate: CertificateCredentials, headers: IncomingHttpHeaders): Credentials {
  const [, token] = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "") ?? [];
  const impersonate = impersonationOf(headers);
  return { ...certificate, ...(token ? { bearerToken: token } : {}), ...(impersonate ? { impersonate } : {}) };
}

function impersonationOf(headers: IncomingHttpHeaders): Credentials["impersonate"] {
  const names = Object.keys(headers).filter((name) => name.startsWith("impersonate-"));
  if (names.length === 0) return undefined;
  const user = String(headers["impersonate-user"] ?? "");
  const values = (name: string) => [headers[name] ?? []].flat().flatMap((value) => value.split(/,\s*/));
  const extra: Record<string, string[]> = {};
  for (const name of names) {
    if (name.startsWith("impersonate-extra-")) extra[unescapeKey(name.slice("impersonate-extra-".length))] = values(name);
  }
  const uid = headers["impersonate-uid"];
  return { user, groups: values("impersonate-group"), extra, ...(typeof uid === "string" ? { uid } : {}) };
}

/** Keys may be percent-encoded; one that is so by accident is taken as it stands. */
function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
