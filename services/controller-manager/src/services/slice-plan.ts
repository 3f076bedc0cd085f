import type { EndpointSlice } from "@flotilla/api";
import { semanticEqual } from "@flotilla/controller";
import { sameStrings } from "./endpoints-plan.ts";
import type { PortView } from "./pod-endpoints.ts";

export type SliceEndpoint = NonNullable<EndpointSlice["endpoints"]>[number];
export type AddressType = "IPv4" | "IPv6";

/** Endpoints that share their ports and their family. */
export interface EndpointGroup {
  addressType: AddressType;
  ports: PortView[];
  endpoints: SliceEndpoint[];
}

export type SliceWrite = { kind: "create" | "update" | "delete"; slice: EndpointSlice };

const ENDPOINTS_PER_SLICE = 100;

/**
 * The fewest writes that make the slices say what `groups` do (upstream's reconciler):
 * slices keep the endpoints they have, new ones fill slices that change anyway, then those
 * with room, then new slices. `base` gives a new slice its metadata.
 */
export function planSlices(groups: EndpointGroup[], present: EndpointSlice[], base: EndpointSlice["metadata"]): SliceWrite[] {
  const writes: SliceWrite[] = [];
  const left = new Set(present);
  for (const group of groups) {
    const same = present.filter((s) => s.addressType === group.addressType && semanticEqual(s.ports, group.ports));
    for (const slice of same) left.delete(slice);
    writes.push(...planGroup(group, same, base));
  }
  for (const slice of left) writes.push({ kind: "delete", slice });
  return writes;
}

function planGroup(group: EndpointGroup, present: EndpointSlice[], base: EndpointSlice["metadata"]): SliceWrite[] {
  const wanted = new Map(group.endpoints.map((e) => [identity(e), e]));
  const kept = present.map((slice) => {
    const endpoints: SliceEndpoint[] = [];
    for (const old of slice.endpoints ?? []) {
      const next = wanted.get(identity(old));
      if (next) endpoints.push(next);
      wanted.delete(identity(old));
    }
    return { slice, endpoints, changed: !semanticEqual(endpoints, slice.endpoints) || !sameLabels(slice, base) };
  });
  const rest = [...wanted.values()];
  for (const candidate of [...kept].sort((a, b) => Number(b.changed) - Number(a.changed))) {
    const room = ENDPOINTS_PER_SLICE - candidate.endpoints.length;
    if (rest.length === 0 || room <= 0) continue;
    candidate.endpoints.push(...rest.splice(0, room));
    candidate.changed = true;
  }
  const writes: SliceWrite[] = [];
  let nonEmpty = kept.some((k) => k.endpoints.length > 0) || rest.length > 0;
  for (const { slice, endpoints, changed } of kept) {
    if (endpoints.length === 0 && nonEmpty) writes.push({ kind: "delete", slice });
    else {
      // One empty slice stays, so that clients see "no endpoints" rather than nothing.
      nonEmpty = true;
      if (changed) writes.push({ kind: "update", slice: { ...slice, metadata: { ...slice.metadata, labels: base.labels }, endpoints } });
    }
  }
  do {
    if (rest.length === 0 && (nonEmpty || kept.length > 0)) break;
    const endpoints = rest.splice(0, ENDPOINTS_PER_SLICE);
    writes.push({
      kind: "create",
      slice: { addressType: group.addressType, ports: group.ports, metadata: base, endpoints } as EndpointSlice,
    });
    nonEmpty = true;
  } while (rest.length > 0);
  return writes;
}

const identity = (e: SliceEndpoint): string => `${e.addresses.join(",")} ${e.targetRef?.uid ?? ""}`;
const sameLabels = (slice: EndpointSlice, base: EndpointSlice["metadata"]): boolean => sameStrings(slice.metadata.labels, base.labels);
