/** The name servers of a resolv.conf, without those in `except` (ourselves: no loops), as "host:port". */
export function nameServersOf(text: string, except: readonly string[] = []): string[] {
  return text
    .split("\n")
    .map((line) => /^\s*nameserver\s+([^\s#;]+)/.exec(line)?.[1])
    .filter((ip): ip is string => ip !== undefined && !except.includes(ip))
    .map(withPort);
}

/** "8.8.8.8" → "8.8.8.8:53"; a port given stays. */
export function withPort(server: string): string {
  if (server.startsWith("[")) return /\]:\d+$/.test(server) ? server : `${server}:53`;
  const colons = server.split(":").length - 1;
  if (colons > 1) return `[${server}]:53`;
  return colons === 1 ? server : `${server}:53`;
}

export function splitServer(server: string): { host: string; port: number } {
  const at = server.lastIndexOf(":");
  return { host: server.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(server.slice(at + 1)) };
}
