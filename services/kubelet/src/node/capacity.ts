import { quantity } from "../pods/quantity.ts";

export interface HostResources {
  cpus: number;
  memory_bytes: number;
  disk_bytes: number;
}

/** What the node offers: the host's resources unless told otherwise, and what is left after the system's share. Pure. */
export function nodeCapacity(
  host: HostResources,
  settings: { maxPods: number; override: Record<string, string>; systemReserved: Record<string, string> },
): { capacity: Record<string, string>; allocatable: Record<string, string> } {
  const capacity: Record<string, string> = {
    cpu: String(host.cpus),
    "ephemeral-storage": `${Math.floor(host.disk_bytes / 1024)}Ki`,
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    memory: `${Math.floor(host.memory_bytes / 1024)}Ki`,
    pods: String(settings.maxPods),
    ...settings.override,
  };
  const allocatable = { ...capacity };
  for (const [name, amount] of Object.entries(settings.systemReserved)) {
    if (capacity[name] === undefined) continue;
    const left = Math.max(0, quantity(capacity[name]) - quantity(amount));
    allocatable[name] = name === "cpu" ? milli(left) : `${Math.floor(left / 1024)}Ki`;
  }
  return { capacity, allocatable };
}

const milli = (cores: number): string => (Number.isInteger(cores) ? String(cores) : `${Math.round(cores * 1000)}m`);
