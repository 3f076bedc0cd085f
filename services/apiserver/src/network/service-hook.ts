import { FieldErrors, invalidError, type KubeObject, type Service } from "@flotilla/api";
import type { Claim, StoreHook } from "../registry/hooks.ts";
import type { Allocator } from "./allocator.ts";
import { addressAt, type Cidr, contains, parseIPv4 } from "./cidr.ts";

export interface ServiceNetwork {
  cidr: Cidr;
  addresses: Allocator;
  ports: Allocator;
}

/** Gives Services their cluster IP and node ports, and takes them back. Owner of a number: namespace/name of its Service. */
export function serviceHook(network: ServiceNetwork): StoreHook {
  return {
    async beforeWrite(object, old) {
      const service = object as unknown as Service;
      const claims = new Claims();
      try {
        await allocate(network, service, old as unknown as Service | undefined, claims);
      } catch (error) {
        await claims.release();
        throw error;
      }
      return claims;
    },
    async afterWrite(object, old) {
      if (!old) return;
      const kept = numbersOf(network, object);
      await release(network, ownerOf(object), numbersOf(network, old), kept);
    },
    async afterRemove(object) {
      await release(network, ownerOf(object), numbersOf(network, object), { address: undefined, ports: [] });
    },
  };
}

const ownerOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

class Claims implements Claim {
  private readonly undo: (() => Promise<void>)[] = [];

  add(allocator: Allocator, number: number, owner: string): void {
    this.undo.push(() => allocator.release(number, owner));
  }

  async release(): Promise<void> {
    await Promise.all(this.undo.map((undo) => undo()));
  }
}

const hasAddress = (type: string | undefined): boolean => type !== "ExternalName";
const hasPorts = (type: string | undefined): boolean => type === "NodePort" || type === "LoadBalancer";

async function allocate(network: ServiceNetwork, service: Service, old: Service | undefined, claims: Claims): Promise<void> {
  const { spec } = service;
  if (!spec) return;
  const owner = ownerOf(service as unknown as KubeObject);
  if (hasAddress(spec.type) && spec.clusterIP !== "None") {
    // A client that sends its old copy without the address keeps what it has.
    if (!spec.clusterIP && hasAddress(old?.spec?.type) && old?.spec?.clusterIP) spec.clusterIP = old.spec.clusterIP;
    if (spec.clusterIP !== old?.spec?.clusterIP || !spec.clusterIP) await allocateAddress(network, service, owner, claims);
    spec.clusterIPs = [spec.clusterIP!];
  }
  if (spec.clusterIP === "None") spec.clusterIPs = ["None"];
  if (hasAddress(spec.type)) {
    spec.ipFamilies ??= ["IPv4"];
    spec.ipFamilyPolicy ??= "SingleStack";
  }
  if (hasPorts(spec.type)) await allocatePorts(network, service, old, owner, claims);
}

async function allocateAddress({ cidr, addresses }: ServiceNetwork, service: Service, owner: string, claims: Claims): Promise<void> {
  const spec = service.spec!;
  if (!spec.clusterIP) {
    const offset = await addresses.claimAny(owner);
    claims.add(addresses, offset, owner);
    spec.clusterIP = addressAt(cidr, offset);
    return;
  }
  const refuse = (why: string) => {
    const errors = new FieldErrors();
    errors.invalid("spec.clusterIPs", [spec.clusterIP], `failed to allocate IP ${spec.clusterIP}: ${why}`);
    return invalidError("", "Service", service.metadata.name!, errors);
  };
  if (!contains(cidr, spec.clusterIP))
    throw refuse(
      `the provided IP (${spec.clusterIP}) is not in the valid range. The range of valid IPs is ${addressAt(cidr, 0)}/${cidr.bits}`,
    );
  const offset = parseIPv4(spec.clusterIP)! - cidr.base;
  if (!(await addresses.claim(offset, owner))) throw refuse("provided IP is already allocated");
  claims.add(addresses, offset, owner);
}

async function allocatePorts(
  { ports }: ServiceNetwork,
  service: Service,
  old: Service | undefined,
  owner: string,
  claims: Claims,
): Promise<void> {
  const before = hasPorts(old?.spec?.type) ? (old?.spec?.ports ?? []) : [];
  const held = new Set(before.map(({ nodePort }) => nodePort));
  for (const [index, port] of (service.spec!.ports ?? []).entries()) {
    const same = before.find((other) => other.port === port.port && (other.protocol ?? "TCP") === (port.protocol ?? "TCP"));
    if (!port.nodePort && same?.nodePort) port.nodePort = same.nodePort;
    if (port.nodePort && held.has(port.nodePort)) continue;
    if (!port.nodePort) {
      port.nodePort = await ports.claimAny(owner);
      claims.add(ports, port.nodePort, owner);
      continue;
    }
    const errors = new FieldErrors();
    const field = `spec.ports[${index}].nodePort`;
    if (!ports.includes(port.nodePort))
      errors.invalid(field, port.nodePort, `provided port is not in the valid range. The range of valid ports is ${ports.range}`);
    else if (!(await ports.claim(port.nodePort, owner))) errors.invalid(field, port.nodePort, "provided port is already allocated");
    if (!errors.empty) throw invalidError("", "Service", service.metadata.name!, errors);
    claims.add(ports, port.nodePort, owner);
    held.add(port.nodePort);
  }
}

interface Numbers {
  address: number | undefined;
  ports: number[];
}

function numbersOf({ cidr }: ServiceNetwork, object: KubeObject): Numbers {
  const { spec } = object as unknown as Service;
  const address = spec?.clusterIP && contains(cidr, spec.clusterIP) ? parseIPv4(spec.clusterIP)! - cidr.base : undefined;
  return { address, ports: (spec?.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : [])) };
}

async function release({ addresses, ports }: ServiceNetwork, owner: string, had: Numbers, keeps: Numbers): Promise<void> {
  if (had.address !== undefined && had.address !== keeps.address) await addresses.release(had.address, owner);
  for (const port of had.ports) if (!keeps.ports.includes(port)) await ports.release(port, owner);
}
