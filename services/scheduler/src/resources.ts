import { type Node, type Pod, podRequests, quantityMilliValue, quantityValue, type ResourceList } from "@flotilla/api";

/** Amounts of every resource by name: cpu in millicores, everything else in its unit (bytes, pieces). */
export type Amounts = Map<string, number>;

/** What a container without requests is counted as when nodes are compared (never when they are filtered). */
const UNREQUESTED_CPU_MILLI = 100;
const UNREQUESTED_MEMORY_BYTES = 200 * 1024 * 1024;

export function amountsOf(list: ResourceList | undefined): Amounts {
  const amounts: Amounts = new Map();
  for (const [name, text] of Object.entries(list ?? {})) amounts.set(name, name === "cpu" ? quantityMilliValue(text) : quantityValue(text));
  return amounts;
}

export interface PodAmounts {
  requested: Amounts;
  /** cpu and memory with a floor for containers that ask for nothing. */
  estimated: { cpu: number; memory: number };
}

export function podAmounts(pod: Pod): PodAmounts {
  const requested = amountsOf(podRequests(pod.spec!));
  return { requested, estimated: estimate(pod) };
}

function estimate(pod: Pod): { cpu: number; memory: number } {
  const filled = pod.spec!.containers.map((c) => {
    const requests = c.resources?.requests ?? {};
    const floor = { cpu: `${UNREQUESTED_CPU_MILLI}m`, memory: String(UNREQUESTED_MEMORY_BYTES) };
    return { ...c, resources: { ...c.resources, requests: { ...floor, ...requests } } };
  });
  const total = podRequests({ ...pod.spec!, containers: filled });
  return { cpu: quantityMilliValue(total["cpu"]), memory: quantityValue(total["memory"]) };
}

export function allocatableOf(node: Node): Amounts {
  return amountsOf(node.status?.allocatable ?? node.status?.capacity);
}

export function addInto(total: Amounts, part: Amounts, sign: 1 | -1): void {
  for (const [name, amount] of part) total.set(name, (total.get(name) ?? 0) + sign * amount);
}
