import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { Endpoints } from "../../types.ts";
import { validateEndpoints } from "../../validation/endpoints.ts";

const SHOWN_MAX = 3;

export const endpoints = defineResource<Endpoints>({
  group: "",
  version: "v1",
  kind: "Endpoints",
  resource: "endpoints",
  singular: "endpoints",
  schema: "core/v1.Endpoints",
  shortNames: ["ep"],
  deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  table: [nameColumn(), column("Endpoints", addresses), ageColumn()],
  defaults(object) {
    for (const subset of object.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= "TCP";
  },
  strategy: {
    validate: validateEndpoints,
  },
});

/** "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more..." */
function addresses(object: Endpoints): string {
  const all = (object.subsets ?? []).flatMap(({ addresses: ready = [], ports = [] }) =>
    ports.length === 0 ? ready.map(({ ip }) => ip) : ports.flatMap(({ port }) => ready.map(({ ip }) => `${ip}:${port}`)),
  );
  if (all.length === 0) return "<none>";
  const more = all.length > SHOWN_MAX ? ` + ${all.length - SHOWN_MAX} more...` : "";
  return all.slice(0, SHOWN_MAX).join(",") + more;
}
