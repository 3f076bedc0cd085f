import type { EndpointSlice } from "@flotilla/api";

/** One endpoint of one service port. */
export interface PortEndpoint {
  ip: string;
  port: number;
  local: boolean;
  ready: boolean;
  /** Still answers though its pod is terminating (KEP-1669). */
  servingTerminating: boolean;
}

/** The endpoints behind a service's port, matched by port name and protocol as slices carry them. */
export function endpointsOf(slices: readonly EndpointSlice[], portName: string, protocol: string, nodeName: string): PortEndpoint[] {
  const found = new Map<string, PortEndpoint>();
  for (const slice of slices) {
    for (const port of slice.ports ?? []) {
      if ((port.name ?? "") !== portName || (port.protocol ?? "TCP") !== protocol || !port.port) continue;
      for (const endpoint of slice.endpoints ?? []) {
        const ip = endpoint.addresses[0]; // consumers use the first address alone
        if (ip === undefined) continue;
        const { ready, serving, terminating } = endpoint.conditions ?? {};
        const next: PortEndpoint = {
          ip,
          port: port.port,
          local: endpoint.nodeName === nodeName,
          ready: ready ?? true, // unknown counts as ready
          servingTerminating: (serving ?? ready ?? true) && (terminating ?? false),
        };
        const key = `${ip} ${port.port}`;
        // An endpoint may stand in two slices while it moves: the ready one counts.
        if (!found.get(key)?.ready) found.set(key, next);
      }
    }
  }
  return [...found.values()];
}

/**
 * Which endpoints take connections: the ready ones; when there is none, those that
 * terminate but still serve. `local` (a traffic policy of Local) looks at this node's alone.
 */
export function chooseBackends(endpoints: readonly PortEndpoint[], local: boolean): string[] {
  const inScope = local ? endpoints.filter((e) => e.local) : endpoints;
  const ready = inScope.filter((e) => e.ready);
  const chosen = ready.length > 0 ? ready : inScope.filter((e) => e.servingTerminating);
  return chosen.map((e) => (e.ip.includes(":") ? `[${e.ip}]:${e.port}` : `${e.ip}:${e.port}`)).sort();
}
