import type { Service } from "@flotilla/api";

/** Variables for the services of a namespace, Docker-link style included (upstream's envvars.FromServices). */
export function serviceEnv(services: readonly Service[]): Map<string, string> {
  const env = new Map<string, string>();
  for (const service of services) {
    const ip = service.spec?.clusterIP;
    const ports = service.spec?.ports ?? [];
    if (!ip || ip === "None" || ports.length === 0) continue;
    const prefix = envName(service.metadata.name!);
    env.set(`${prefix}_SERVICE_HOST`, ip);
    env.set(`${prefix}_SERVICE_PORT`, String(ports[0]!.port));
    for (const port of ports) if (port.name) env.set(`${prefix}_SERVICE_PORT_${envName(port.name)}`, String(port.port));
    ports.forEach((port, i) => {
      const protocol = (port.protocol ?? "TCP").toLowerCase();
      const url = `${protocol}://${ip.includes(":") ? `[${ip}]` : ip}:${port.port}`;
      const base = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`;
      if (i === 0) env.set(`${prefix}_PORT`, url);
      env.set(base, url);
      env.set(`${base}_PROTO`, protocol);
      env.set(`${base}_PORT`, String(port.port));
      env.set(`${base}_ADDR`, ip);
    });
  }
  return env;
}

const envName = (name: string): string => name.replace(/-/g, "_").toUpperCase();

/** Services a pod hears of: its namespace's, and kubernetes of the default namespace in any case. */
export function visibleServices(all: readonly Service[], namespace: string, links: boolean): Service[] {
  const master = all.filter((s) => s.metadata.namespace === "default" && s.metadata.name === "kubernetes");
  const own = links ? all.filter((s) => s.metadata.namespace === namespace && !master.includes(s)) : [];
  return [...master, ...own];
}
