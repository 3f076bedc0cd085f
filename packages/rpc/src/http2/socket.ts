import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";

/** A socket to where `url` points, over TLS and for HTTP/2 if it says https; `plain` counts only without TLS. */
export function openSocket({ protocol, hostname, port }: URL, tls: ConnectionOptions, plain: Partial<TcpNetConnectOpts> = {}): Socket {
  const host = hostname.replace(/^\[|\]$/g, "");
  const secure = protocol === "https:";
  const address = { host, port: Number(port || (secure ? 443 : 80)) };
  if (!secure) return connectTcp({ ...plain, ...address });
  // RFC 6066 knows names only; the certificate is still checked against the address.
  return connectTls({ ...tls, ...address, ALPNProtocols: ["h2"], servername: isIP(host) ? "" : host });
}
