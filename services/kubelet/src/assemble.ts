import type { Component } from "@flotilla/process";
import type { KubeletConfig } from "./config.ts";
import { Kubelet, type KubeletPorts } from "./kubelet.ts";
import { startHealthz } from "./server/healthz.ts";
import { startNodeServer } from "./server/node-server.ts";

export type { KubeletConfig } from "./config.ts";
export type { KubeletPorts } from "./kubelet.ts";

/** A kubelet, listening and at work. @throws Error when one of its ports cannot be bound. */
export async function createKubelet(ports: KubeletPorts, config: KubeletConfig): Promise<Component & { kubelet: Kubelet; port: number }> {
  const kubelet = new Kubelet(ports, config);
  const { server } = config;
  const healthz =
    server.healthzPort > 0 ? await startHealthz(server.healthzAddress, server.healthzPort, () => kubelet.healthy()) : undefined;
  const node = server.port >= 0 ? await startNodeServer({ ...ports, kubelet }, server) : undefined;
  kubelet.start(node?.port ?? 0);
  return {
    kubelet,
    port: node?.port ?? 0,
    async stop() {
      await kubelet.stop();
      healthz?.stop();
      await node?.stop();
      ports.runtime.close();
    },
  };
}
