import { apiError, type Node, type Pod, type Service } from "@flotilla/api";
import { type Random, randomInt } from "@flotilla/base";
import { type Address, readyAddresses } from "../network/service-endpoint.ts";
import { getEntry } from "../registry/get.ts";
import type { Kernel } from "../registry/kernel.ts";
import type { ProxyName } from "./target.ts";

const DEFAULT_PORT = { http: 80, https: 443 } as const;

/** The pod's own address; its first container port unless one is named. */
export async function locatePod(kernel: Kernel, namespace: string, { scheme, name, port }: ProxyName): Promise<Address> {
  const definition = kernel.definitions.find("", "v1", "pods")!;
  const pod = (await getEntry(kernel, definition, namespace, name)).object as unknown as Pod;
  const host = pod.status?.podIP;
  if (!host) throw apiError("BadRequest", "address not allowed");
  if (port !== "") return { host, port: portNumber(port) };
  const declared = pod.spec?.containers.flatMap((container) => container.ports ?? [])[0];
  return { host, port: declared?.containerPort ?? DEFAULT_PORT[scheme] };
}

/** One of the service's ready endpoints, by chance, as kube-proxy would take one. */
export async function locateService(kernel: Kernel, namespace: string, { name, port }: ProxyName): Promise<Address> {
  const definition = kernel.definitions.find("", "v1", "services")!;
  const service = (await getEntry(kernel, definition, namespace, name)).object as unknown as Service;
  const found = readyAddresses(kernel.store, namespace, name, servicePort(service, port));
  if (found.length === 0) throw apiError("ServiceUnavailable", `no endpoints available for service ${JSON.stringify(name)}`);
  return pick(kernel.random, found);
}

/** A node's address by --kubelet-preferred-address-types' first choice; the kubelet itself is asked by gRPC instead. */
export async function locateNode(kernel: Kernel, { name, port }: ProxyName): Promise<Address> {
  const definition = kernel.definitions.find("", "v1", "nodes")!;
  const node = (await getEntry(kernel, definition, "", name)).object as unknown as Node;
  const address = node.status?.addresses?.find(({ type }) => type === "InternalIP") ?? node.status?.addresses?.[0];
  if (!address) throw apiError("ServiceUnavailable", `node ${name} has no address`);
  return { host: address.address, port: portNumber(port) };
}

/** The name of the service's port that `asked` names by number, name or, where there is only one, not at all. */
function servicePort(service: Service, asked: string): string {
  const ports = service.spec?.ports ?? [];
  const found =
    asked === "" && ports.length === 1 ? ports[0] : ports.find(({ name, port }) => (name ?? "") === asked || String(port) === asked);
  if (found) return found.name ?? "";
  throw apiError(
    "ServiceUnavailable",
    `no service port ${JSON.stringify(asked)} found for service ${JSON.stringify(service.metadata.name)}`,
  );
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw apiError("BadRequest", `invalid port ${JSON.stringify(text)}`);
  return port;
}

const pick = <T>(random: Random, items: readonly T[]): T => items[randomInt(random, items.length)]!;
