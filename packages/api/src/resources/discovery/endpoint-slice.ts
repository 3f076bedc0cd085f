import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { EndpointSlice } from "../../types.ts";
import { immutable } from "../../validation/common.ts";
import { validateEndpointSlice } from "../../validation/endpoints.ts";

const SHOWN_MAX = 3;
const UNSET = "<unset>";

export const endpointSlices = defineResource<EndpointSlice>({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  resource: "endpointslices",
  schema: "discovery/v1.EndpointSlice",
  table: [
    nameColumn(),
    column("AddressType", (slice) => slice.addressType ?? ""),
    column("Ports", (slice) => list((slice.ports ?? []).map(({ port }) => String(port ?? "*")))),
    column("Endpoints", (slice) => list((slice.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []))),
    ageColumn(),
  ],
  defaults(slice) {
    for (const port of slice.ports ?? []) {
      port.name ??= "";
      port.protocol ||= "TCP";
    }
  },
  strategy: {
    tracksGeneration: true,
    validate: validateEndpointSlice,
    validateUpdate: (slice, old, errors) => immutable("addressType", slice.addressType, old.addressType, errors),
  },
});

function list(values: string[]): string {
  if (values.length === 0) return UNSET;
  const more = values.length > SHOWN_MAX ? ` + ${values.length - SHOWN_MAX} more...` : "";
  return values.slice(0, SHOWN_MAX).join(",") + more;
}
