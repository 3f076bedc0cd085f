/** What a client leaves out of a Service, or sends along from another type, when it writes it again. */
import { jsonEqual } from "./json-equal.ts";
import { isExternallyAccessible, needsHealthCheck, takesAddress, takesNodePorts } from "./service.ts";
import type { Service } from "./types.ts";

type Spec = NonNullable<Service["spec"]>;

/** A client that leaves out what was allocated means it as it is. Node ports are the allocator's to keep. */
export function keepAllocated(spec: Spec, before: Spec): void {
  if (takesAddress(spec) && takesAddress(before)) {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP;
    if (isUnset(spec.clusterIPs) && spec.clusterIP === before.clusterIP && before.clusterIPs) spec.clusterIPs = before.clusterIPs;
    if (isUnset(spec.ipFamilies) && before.ipFamilies) spec.ipFamilies = before.ipFamilies;
    spec.ipFamilyPolicy ??= before.ipFamilyPolicy as string;
    if (spec.ipFamilyPolicy === undefined) delete spec.ipFamilyPolicy;
  }
  if (needsHealthCheck(spec) && needsHealthCheck(before) && !spec.healthCheckNodePort && before.healthCheckNodePort) {
    spec.healthCheckNodePort = before.healthCheckNodePort;
  }
}

const isUnset = (list: readonly unknown[] | undefined): boolean => list === undefined || list.length === 0;

/** Clients that know clusterIP alone change both with it. */
export function syncAddresses(spec: Spec, before: Spec | undefined): void {
  if (!before) {
    if (spec.clusterIP && isUnset(spec.clusterIPs)) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  if ((spec.clusterIP ?? "") === (before.clusterIP ?? "")) return;
  const untouched = jsonEqual(spec.clusterIPs ?? [], before.clusterIPs ?? []);
  if (!spec.clusterIP && untouched) delete spec.clusterIPs;
  else if (spec.clusterIP && (untouched || isUnset(spec.clusterIPs))) spec.clusterIPs = [spec.clusterIP];
}

/** What only the former type had, and the client has not changed, goes with it. */
export function dropWhatTypeLost(spec: Spec, before: Spec): void {
  if (lost(takesAddress) && spec.clusterIP === before.clusterIP) {
    const same = jsonEqual(spec.clusterIPs ?? [], before.clusterIPs ?? []);
    delete spec.clusterIP;
    if (same) delete spec.clusterIPs;
  }
  if (lost(takesAddress) && jsonEqual(spec.ipFamilies, before.ipFamilies)) delete spec.ipFamilies;
  if (lost(takesAddress) && spec.ipFamilyPolicy === before.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  if (lost(takesNodePorts) && jsonEqual(nodePortsOf(spec), nodePortsOf(before))) for (const port of spec.ports ?? []) delete port.nodePort;
  if (lost(needsHealthCheck) && spec.healthCheckNodePort === before.healthCheckNodePort) delete spec.healthCheckNodePort;
  if (lost(isBalanced)) {
    if (spec.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts) delete spec.allocateLoadBalancerNodePorts;
    if (spec.loadBalancerClass === before.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (lost(isExternallyAccessible) && spec.externalTrafficPolicy === before.externalTrafficPolicy) delete spec.externalTrafficPolicy;

  function lost(has: (spec: Spec) => boolean): boolean {
    return has(before) && !has(spec);
  }
}

const isBalanced = ({ type }: Spec): boolean => type === "LoadBalancer";
const nodePortsOf = ({ ports }: Spec): number[] => (ports ?? []).flatMap(({ nodePort }) => nodePort ?? []).sort();
