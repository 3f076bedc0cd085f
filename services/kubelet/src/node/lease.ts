import { isConflict, isNotFound, type Lease, Leases, type Node } from "@flotilla/api";
import { type Clock, type Logger, rfc3339Micro, sleep } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";

const NAMESPACE = "kube-node-lease";
const RETRY_MS = 500;

/** Renews the node's Lease at a quarter of its duration: the heartbeat by which the cluster knows that the node lives. */
export async function runLease(
  ports: { client: ApiClient; clock: Clock; log: Logger; node(): Node | undefined },
  name: string,
  duration_s: number,
  signal: AbortSignal,
): Promise<void> {
  let lease: Lease | undefined;
  let failing = false;
  while (!signal.aborted) {
    try {
      lease = await renew(ports, name, duration_s, lease);
      failing = false;
      await sleep(ports.clock, (duration_s * 1000) / 4, signal);
    } catch (error) {
      lease = undefined;
      if (!failing && !isConflict(error)) ports.log.warn("could not renew the node lease", { error: (error as Error).message });
      failing = true;
      await sleep(ports.clock, RETRY_MS, signal);
    }
  }
}

async function renew(
  ports: { client: ApiClient; clock: Clock; node(): Node | undefined },
  name: string,
  duration_s: number,
  known: Lease | undefined,
): Promise<Lease> {
  const { client, clock } = ports;
  const current =
    known ??
    (await client.get(Leases, name, { namespace: NAMESPACE }).catch((error) => {
      if (isNotFound(error)) return undefined;
      throw error;
    }));
  const node = ports.node();
  const owner = node ? [{ apiVersion: "v1", kind: "Node", name, uid: node.metadata.uid! }] : undefined;
  const metadata = { ...current?.metadata, name, namespace: NAMESPACE, ...(owner ? { ownerReferences: owner } : {}) };
  const spec = { ...current?.spec, holderIdentity: name, leaseDurationSeconds: duration_s, renewTime: rfc3339Micro(clock.now()) as never };
  const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec } as Lease;
  return current ? client.update(Leases, lease) : client.create(Leases, lease);
}
