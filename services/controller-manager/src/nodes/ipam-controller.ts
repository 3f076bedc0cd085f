import { type Node, Nodes } from "@flotilla/api";
import { type ControllerContext, startReconciler } from "../context.ts";
import { type Cidr, CidrSet, formatCidr, parseCidr } from "./cidr-set.ts";

/**
 * Gives each node a part of the cluster's pod addresses (spec.podCIDR).
 * Owns the set of parts. Invariant: the parts of all known nodes are marked before the first is handed out.
 */
export function startNodeIpamController(context: ControllerContext): void {
  const { client, config, informers } = context;
  if (!config.allocateNodeCidrs || !config.clusterCidr) return;
  const recorder = context.recorder("cidrAllocator");
  const parts = new CidrSet(parseCidr(config.clusterCidr), config.nodeCidrMaskSize);
  if (config.serviceCidr) parts.occupy(parseCidr(config.serviceCidr));
  const nodes = informers.informer(Nodes);
  /** Handed out, but not in the cache yet. */
  const promised = new Map<string, Cidr>();

  const controller = startReconciler(context, [nodes], {
    name: "node_ipam",
    reconcile: async (name) => {
      const node = nodes.lister.get(name);
      if (!node || node.spec?.podCIDR) return;
      const part = promised.get(name) ?? parts.allocate();
      if (!part) {
        recorder.event(node, "Normal", "CIDRNotAvailable", `Node ${name} status is now: CIDRNotAvailable`);
        throw new Error(`no free CIDR for node ${name}`);
      }
      promised.set(name, part);
      const podCIDR = formatCidr(part);
      await client.patch(Nodes, name, { type: "strategic", body: { spec: { podCIDR, podCIDRs: [podCIDR] } } });
    },
  });

  const known = (node: Node) => {
    const name = node.metadata.name!;
    if (node.spec?.podCIDR) {
      parts.occupy(parseCidr(node.spec.podCIDR));
      promised.delete(name);
    } else controller.queue.add(name);
  };
  nodes.subscribe({
    add: known,
    update: known,
    delete: (node) => {
      const name = node.metadata.name!;
      const part = promised.get(name) ?? (node.spec?.podCIDR ? parseCidr(node.spec.podCIDR) : undefined);
      promised.delete(name);
      if (part) parts.release(part);
    },
  });
}
