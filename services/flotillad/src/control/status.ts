import type { StatusReply } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import { type Cluster, COMPONENT_ORDER } from "../cluster.ts";
import { runtimeOf } from "../machines/components.ts";
import type { Leaders } from "../targets.ts";

const rank = (component: string) => {
  const at = COMPONENT_ORDER.indexOf(component);
  return at < 0 ? COMPONENT_ORDER.length : at;
};

export async function status(cluster: Cluster): Promise<StatusReply> {
  const leaders: Leaders = await cluster.leaders();
  const components = cluster
    .all()
    .flatMap((machine) => machine.components())
    .map((c) => ({ ...c, leader: leaders[c.component as keyof Leaders] === c.machine && c.state === "running" }))
    .sort((a, b) => rank(a.component) - rank(b.component));
  const { spec } = cluster;
  return {
    config: configOf(cluster),
    state: cluster.state.wanted,
    server: `https://127.0.0.1:${spec.apiPort}`,
    machines: cluster.all().map((machine) => ({
      name: machine.name,
      role: machine.facts.machine.role,
      address: machine.facts.machine.address,
      state: machine.state,
      runtime: runtimeOf(spec, machine.facts.machine),
    })),
    components,
  };
}

export function configOf(cluster: Cluster): StatusReply["config"] {
  const { spec } = cluster;
  return { ...spec, dockerEndpoint: spec.dockerEndpoint };
}
