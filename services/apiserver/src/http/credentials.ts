import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { headerValues, pairs, proxiedUser, type RawHeaders, type RequestHeaderConfig, unescapeKey } from "../authn/request-header.ts";
import type { Credentials } from "../request/call.ts";
import { certificatesOf, chainOf, isUnder } from "./authorities.ts";

/** What a connection's certificate says, before any of its requests. */
export type CertificateCredentials = Pick<Credentials, "certificate" | "badCertificate"> & {
  /** It is a front proxy's, of this name: its requests may speak for others. */
  proxy?: { commonName: string; config: RequestHeaderConfig };
};

const KEY = Symbol("credentials");
type Holder = { [KEY]?: CertificateCredentials };

/** Read once per connection: h2's socket proxy passes the symbol through. */
export function certificateOf(socket: TLSSocket): CertificateCredentials {
  const holder = socket as unknown as Holder;
  holder[KEY] ??= readCertificate(socket);
  return holder[KEY];
}

/** Where front proxies are believed, the authorities of users and of proxies are told apart when a connection is made. */
export function identify(socket: TLSSocket, clientCa: string | undefined, config: RequestHeaderConfig): void {
  if (config.clientCa === undefined || !socket.authorized) return;
  const chain = chainOf(socket);
  const under = (bundle: string | undefined) => bundle !== undefined && isUnder(chain, certificatesOf(bundle));
  const own = readCertificate(socket);
  const { commonName } = own.certificate ?? {};
  (socket as unknown as Holder)[KEY] = {
    ...(under(clientCa) ? own : { badCertificate: true }),
    ...(commonName !== undefined && under(config.clientCa) ? { proxy: { commonName, config } } : {}),
  };
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

export function credentialsOf(
  { proxy, ...certificate }: CertificateCredentials,
  { headers, rawHeaders }: Pick<IncomingMessage, "headers" | "rawHeaders">,
): Credentials {
  const [, token] = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "") ?? [];
  const impersonate = impersonationOf(rawHeaders);
  const user = proxy && proxiedUser(proxy.config, rawHeaders);
  return {
    ...certificate,
    ...(token ? { bearerToken: token } : {}),
    ...(user ? { frontProxy: { commonName: proxy!.commonName, user } } : {}),
    ...(impersonate ? { impersonate } : {}),
  };
}

const EXTRA = "impersonate-extra-";

function impersonationOf(headers: RawHeaders): Credentials["impersonate"] {
  if (!headers.some((name, at) => at % 2 === 0 && /^impersonate-/i.test(name))) return undefined;
  const extra = new Map<string, string[]>();
  for (const [name, value] of pairs(headers)) {
    if (!name.startsWith(EXTRA)) continue;
    const key = unescapeKey(name.slice(EXTRA.length));
    extra.set(key, [...(extra.get(key) ?? []), value]);
  }
  const [user = ""] = headerValues(headers, "impersonate-user");
  const [uid] = headerValues(headers, "impersonate-uid");
  return {
    user,
    groups: headerValues(headers, "impersonate-group"),
    extra: Object.fromEntries(extra),
    ...(uid === undefined ? {} : { uid }),
  };
}
