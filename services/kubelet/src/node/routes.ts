import type { Node } from "@flotilla/api";

export interface Route {
  cidr: string;
  via: string;
}

/** Routes to the other nodes' pods. Pure. */
export function wantedRoutes(nodes: readonly Node[], self: string): Route[] {
  return nodes
    .filter((node) => node.metadata.name !== self && !node.metadata.deletionTimestamp)
    .flatMap((node) => {
      const via = node.status?.addresses?.find((a) => a.type === "InternalIP")?.address;
      const cidr = node.spec?.podCIDR;
      return via && cidr ? [{ cidr, via }] : [];
    });
}

/** Our routes are told apart from others' by their protocol number. */
export const ROUTE_PROTOCOL = "213";

/** Reads `ip route show proto 213`. */
export function parseRoutes(output: string): Route[] {
  return output.split("\n").flatMap((line) => {
    const match = /^(\S+) via (\S+)/.exec(line.trim());
    return match ? [{ cidr: match[1]!, via: match[2]! }] : [];
  });
}

/** Arguments for `ip` that turn the present routes into the wanted ones. Pure. */
export function routeChanges(wanted: readonly Route[], present: readonly Route[]): string[][] {
  const equal = (a: Route, b: Route) => a.cidr === b.cidr && a.via === b.via;
  const add = wanted.filter((w) => !present.some((p) => equal(w, p)));
  const remove = present.filter((p) => !wanted.some((w) => w.cidr === p.cidr));
  return [
    ...add.map((r) => ["route", "replace", r.cidr, "via", r.via, "proto", ROUTE_PROTOCOL]),
    ...remove.map((r) => ["route", "del", r.cidr, "via", r.via, "proto", ROUTE_PROTOCOL]),
  ];
}

/** Whether two versions of a node want the same route: heartbeats change nothing. */
export function sameRoute(a: Node, b: Node): boolean {
  const [one, other] = [wantedRoutes([a], ""), wantedRoutes([b], "")];
  return one.length === other.length && one.every((r, i) => r.cidr === other[i]!.cidr && r.via === other[i]!.via);
}
