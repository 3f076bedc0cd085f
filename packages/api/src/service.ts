/** What kind of service it is, as its rules, its defaults and its allocations ask. */
import type { Service } from "./types.ts";

type Spec = NonNullable<Service["spec"]>;

/** It has endpoints and no address of its own. */
export const isHeadless = ({ clusterIP, clusterIPs }: Spec): boolean =>
  clusterIPs === undefined ? clusterIP === "None" : clusterIPs.length === 1 && clusterIPs[0] === "None";

/** Of a type with a cluster IP ("None" included). */
export const takesAddress = ({ type }: Spec): boolean => type === "ClusterIP" || type === "NodePort" || type === "LoadBalancer";

/** A port on every node for each of its own, where the service wants them. */
export const takesNodePorts = ({ type, allocateLoadBalancerNodePorts }: Spec): boolean =>
  type === "NodePort" || (type === "LoadBalancer" && allocateLoadBalancerNodePorts !== false);

export const isExternallyAccessible = ({ type, externalIPs }: Spec): boolean =>
  type === "LoadBalancer" || type === "NodePort" || (type === "ClusterIP" && (externalIPs ?? []).length > 0);

/** Load balancers ask nodes whether they have endpoints of their own. */
export const needsHealthCheck = ({ type, externalTrafficPolicy }: Spec): boolean =>
  type === "LoadBalancer" && externalTrafficPolicy === "Local";
