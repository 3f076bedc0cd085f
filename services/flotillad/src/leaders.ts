import { rmSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import { Leases } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";
import { CHANNEL_OPTIONS, createChannelCredentials, unary } from "@flotilla/rpc";
import { MaintenanceClient } from "@flotilla/rpc/gen/etcd/rpc.ts";
import { forwardServer, listenUnix } from "./forward.ts";
import type { MachineSpec } from "./spec.ts";

const TIMEOUT_MS = 800;

export interface StoreAccess {
  ca: string;
  cert: string;
  key: string;
}

/** Asks each store member whether it leads; the answer of a majority's leader is the one with the highest term. */
export class StoreLeader {
  private readonly members: { machine: MachineSpec; client: MaintenanceClient; server: Server; path: string }[] = [];
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async open(machines: readonly MachineSpec[], folder: string, forwardSocket: string, access: StoreAccess): Promise<void> {
    for (const machine of machines) {
      const path = join(folder, `etcd-${machine.name}.sock`);
      const server = forwardServer(forwardSocket, () => [`${machine.address}:2379`]);
      await listenUnix(server, path);
      const client = new MaintenanceClient(`unix:${path}`, createChannelCredentials(access.ca, access.cert, access.key), {
        ...CHANNEL_OPTIONS,
        "grpc.ssl_target_name_override": machine.name,
        "grpc.default_authority": machine.name,
      });
      this.members.push({ machine, client, server, path });
    }
  }

  /** The leader's machine; undefined while there is none. */
  async find(): Promise<string | undefined> {
    let best: { machine: string; term: number } | undefined;
    await Promise.all(
      this.members.map(async ({ machine, client }) => {
        const options = { timeout_ms: TIMEOUT_MS, clock: this.clock };
        const reply = await unary(client.status.bind(client), {}, options).catch(() => undefined);
        if (!reply?.header || reply.leader !== reply.header.memberId) return;
        const term = Number(reply.raftTerm);
        if (!best || term > best.term) best = { machine: machine.name, term };
      }),
    );
    return best?.machine;
  }

  close(): void {
    for (const { client, server, path } of this.members.splice(0)) {
      client.close();
      server.close();
      rmSync(path, { force: true });
    }
  }
}

/** Holder of a leader election lease as the machine's name ("cp1_uuid" in the Lease). */
export async function leaseHolder(client: ApiClient, name: string): Promise<string | undefined> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const lease = await client.get(Leases, name, { namespace: "kube-system", signal }).catch(() => undefined);
  return lease?.spec?.holderIdentity?.split("_")[0] || undefined;
}
