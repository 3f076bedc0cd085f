import { findCondition, isConditionTrue, isNotFound, Leases, type Node, Nodes, type Pod, Pods, type Taint } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import { type ControllerContext, startReconciler } from "../context.ts";
import { nodeIndex } from "../shared/indexes.ts";
import { type Heartbeat, judgeNode, type Readiness } from "./health.ts";
import { evictionTaint, planTaints } from "./taints.ts";
import { EvictionBudget, evictionRate, zoneOf, zoneState } from "./zones.ts";

const LEASE_NAMESPACE = "kube-node-lease";

/**
 * Notices nodes that fell silent: marks them, their pods, and taints them, so that the
 * scheduler keeps away and the taint eviction controller moves their pods.
 * Owns the heartbeats seen, and the evictions budget of each zone.
 */
export function startNodeLifecycleController(context: ControllerContext): void {
  const { client, clock, config, informers } = context;
  const recorder = context.recorder("node-controller");
  const nodes = informers.informer(Nodes);
  const pods = informers.informer(Pods, { indexers: nodeIndex });
  const leases = informers.informer(Leases);
  const heartbeats = new Map<string, Heartbeat>();
  const budget = new EvictionBudget(clock);
  const grace = { monitor_ms: config.nodeMonitorGracePeriod_ms, startup_ms: config.nodeStartupGracePeriod_ms };

  const controller = startReconciler(context, [nodes, pods, leases], {
    name: "node_lifecycle",
    workers: 4,
    reconcile: async (name) => {
      const node = nodes.lister.get(name);
      if (!node) {
        heartbeats.delete(name);
        return;
      }
      const lease = leases.lister.get(name, LEASE_NAMESPACE);
      const time = { now_ms: clock.now(), monotonic_ms: clock.monotonic() };
      const plan = judgeNode(node, lease, heartbeats.get(name), grace, time);
      heartbeats.set(name, plan.heartbeat);
      let current = node;
      if (plan.conditions) {
        current = await client.updateStatus(Nodes, { ...node, status: { ...node.status, conditions: plan.conditions } } as Node);
      }
      const posted = findCondition(current.status?.conditions, "Ready") !== undefined;
      if (posted && plan.readiness !== "True") await markPodsNotReady(current);
      const wait = await taint(current, plan.readiness);
      // Time until the node will have been silent for too long, and no later than the monitor period.
      return { requeueAfter_ms: Math.min(config.nodeMonitorPeriod_ms, wait) };
    },
  });

  /** Sets the taints; returns how long to wait for the right to evict. */
  async function taint(node: Node, readiness: Readiness): Promise<number> {
    const wanted = evictionTaint(readiness);
    let evict: string | undefined | "keep" = wanted;
    let wait = Number.POSITIVE_INFINITY;
    const everythingDown = nodes.lister.list().every((n) => !isConditionTrue(n.status?.conditions, "Ready"));
    if (!findCondition(node.status?.conditions, "Ready"))
      evict = "keep"; // it has just come, and runs nothing yet
    else if (wanted && everythingDown) {
      // Nobody is healthy: it is more likely that we are cut off. Evict from none (upstream's master disruption mode).
      evict = undefined;
    } else if (wanted && !holds(node, wanted)) {
      const zone = zoneOf(node);
      const peers = nodes.lister.list().filter((n) => zoneOf(n) === zone);
      const rate = evictionRate(zoneState(peers, config.unhealthyZoneThreshold), peers.length, everythingDown, config);
      // Going from not-ready to unreachable needs no second permission.
      const right = holdsAny(node) ? true : budget.take(zone, rate);
      if (right !== true) {
        evict = "keep";
        wait = right;
      }
    }
    const taints = planTaints(node, evict, clock.now());
    if (taints) await writeTaints(node, taints);
    return wait;
  }

  async function writeTaints(node: Node, taints: Taint[]): Promise<void> {
    const body = { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints } };
    await client.patch(Nodes, node.metadata.name!, { type: "merge", body });
  }

  /** Services must stop sending to pods nobody can vouch for. */
  async function markPodsNotReady(node: Node): Promise<void> {
    const name = node.metadata.name!;
    const ready = pods.lister.byIndex("node", name).filter((pod) => isConditionTrue(pod.status?.conditions, "Ready"));
    await Promise.all(
      ready.map(async (pod) => {
        await client.updateStatus(Pods, notReady(pod, clock.now())).catch((error) => {
          if (!isNotFound(error)) throw error;
        });
        recorder.event(pod, "Warning", "NodeNotReady", "Node is not ready");
      }),
    );
  }

  const enqueue = (node: Node) => controller.queue.add(node.metadata.name!);
  nodes.subscribe({
    add: (node) => {
      reference(node, "RegisteredNode", `Node ${node.metadata.name} event: Registered Node ${node.metadata.name} in Controller`);
      enqueue(node);
    },
    update: (node, old) => {
      if (isConditionTrue(old.status?.conditions, "Ready") && !isConditionTrue(node.status?.conditions, "Ready")) {
        reference(node, "NodeNotReady", `Node ${node.metadata.name} status is now: NodeNotReady`);
      }
      enqueue(node);
    },
    delete: (node) => {
      reference(node, "RemovingNode", `Node ${node.metadata.name} event: Removing Node ${node.metadata.name} from Controller`);
      enqueue(node);
    },
  });
  // A heartbeat of a node thought dead is news; of the others, none.
  leases.subscribe({
    update: (lease) => {
      if (lease.metadata.namespace !== LEASE_NAMESPACE) return;
      const name = lease.metadata.name!;
      const node = nodes.lister.get(name);
      if (node && !isConditionTrue(node.status?.conditions, "Ready")) controller.queue.add(name);
    },
  });

  /** Upstream refers to nodes by name: `kubectl describe node` looks for that uid too. */
  function reference(node: Node, reason: string, message: string): void {
    const { name } = node.metadata;
    recorder.event({ kind: "Node", apiVersion: "v1", name, uid: name }, "Normal", reason, message);
  }
}

const holds = (node: Node, key: string): boolean => (node.spec?.taints ?? []).some((t) => t.key === key && t.effect === "NoExecute");
const holdsAny = (node: Node): boolean => evictionKeys.some((key) => holds(node, key));
const evictionKeys = [evictionTaint("False")!, evictionTaint("Unknown")!];
function notReady(pod: Pod, now_ms: number): Pod {
  const conditions = (pod.status?.conditions ?? []).map((c) =>
    c.type === "Ready" ? { ...c, status: "False", lastTransitionTime: rfc3339(now_ms) } : c,
  );
  return { ...pod, status: { ...pod.status, conditions } } as Pod;
}
