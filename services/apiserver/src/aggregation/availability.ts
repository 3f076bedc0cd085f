/** Whether an extension server can be reached (kube-aggregator/pkg/controllers/status): what is asked in which order, and what it is called. */
import type { APIService, EndpointSlice, Service } from "@flotilla/api";

export interface Verdict {
  status: "True" | "False";
  reason: string;
  message: string;
}

export const AVAILABLE: Verdict = { status: "True", reason: "Passed", message: "all checks passed" };

const unavailable = (reason: string, message: string): Verdict => ({ status: "False", reason, message });

/** What can be said without asking the server; undefined: ask it. */
export function withoutAsking(api: APIService, service: Service | undefined, slices: readonly EndpointSlice[]): Verdict | undefined {
  const { namespace, name, port = 443 } = api.spec!.service!;
  const shown = `service/${name} in ${JSON.stringify(namespace)}`;
  if (!service) return unavailable("ServiceNotFound", `${shown} is not present`);
  if (service.spec?.type === "ExternalName") return undefined;
  const found = service.spec?.ports?.find((each) => each.port === port);
  if (!found) return unavailable("ServicePortError", `${shown} is not listening on port ${port}`);
  // A service without a selector may be reached by its address alone.
  if (slices.length === 0)
    return service.spec?.selector ? unavailable("EndpointsNotFound", `cannot find endpointslices for ${shown}`) : undefined;
  const ready = slices.some(({ ports, endpoints }) => {
    const open = ports?.some((each) => (each.name ?? "") === (found.name ?? ""));
    return open && endpoints?.some(({ conditions }) => conditions?.ready !== false);
  });
  return ready
    ? undefined
    : unavailable("MissingEndpoints", `endpoints for ${shown} have no addresses with port name ${JSON.stringify(found.name ?? "")}`);
}

export const discoveryFailed = (url: string, why: string): Verdict =>
  unavailable("FailedDiscoveryCheck", `failing or missing response from ${url}: ${why}`);
