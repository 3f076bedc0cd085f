import type { Clock } from "@flotilla/base";
import { isAlive, readStat, signal } from "@flotilla/cri/process/proc.ts";
import { type ActReply, ActRequest_Action } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import type { Cluster } from "../cluster.ts";
import type { ComponentStatus, Machine } from "../machines/machine.ts";
import { endProcess } from "../processes/supervised.ts";
import { type Leaders, resolveTarget } from "../targets.ts";
import { UsageError } from "./errors.ts";

const RESTART_GRACE_MS = 5000;

/** Kill, pause, resume, restart: of a component or of a whole machine. @throws UsageError */
export async function act(cluster: Cluster, clock: Clock, action: ActRequest_Action, text: string): Promise<ActReply> {
  const components = cluster.all().flatMap((machine) => machine.components());
  const leaders: Leaders = /-leader$/.test(text) ? await cluster.leaders() : {};
  const names = cluster.all().map((machine) => machine.name);
  const target = resolveTarget(text, names, components, leaders);
  if (target.kind === "unknown") throw new UsageError(target.why);
  if (target.kind === "machine") return actOnMachine(cluster, cluster.machine(target.name)!, action);
  await Promise.all(target.components.map((component) => actOnComponent(cluster, clock, component, action)));
  const listed = target.components.map((c) => `${c.name} (pid ${c.pid})`).join(", ");
  return { components: target.components.map((c) => ({ ...c, leader: false })), message: `${PAST[action]} ${listed}` };
}

const PAST: Record<ActRequest_Action, string> = {
  [ActRequest_Action.KILL]: "killed",
  [ActRequest_Action.PAUSE]: "paused",
  [ActRequest_Action.RESUME]: "resumed",
  [ActRequest_Action.RESTART]: "restarted",
};

async function actOnMachine(cluster: Cluster, machine: Machine, action: ActRequest_Action): Promise<ActReply> {
  const reply = (message: string): ActReply => ({ components: [], message });
  switch (action) {
    case ActRequest_Action.KILL:
      setDown(cluster, machine.name, true);
      await machine.kill();
      return reply(`killed ${machine.name} and all that ran on it; bring it back with: flotilla start ${machine.name}`);
    case ActRequest_Action.PAUSE:
      if (machine.state === "dead")
        throw new UsageError(`${machine.name} does not run; bring it back with: flotilla start ${machine.name}`);
      await machine.pause();
      return reply(`paused ${machine.name}; go on with: flotilla resume ${machine.name}`);
    case ActRequest_Action.RESUME:
      if (machine.state === "dead") return start(cluster, machine);
      await machine.resume();
      return reply(`resumed ${machine.name}`);
    case ActRequest_Action.RESTART:
      await machine.stop();
      return start(cluster, machine);
  }
}

function start(cluster: Cluster, machine: Machine): ActReply {
  setDown(cluster, machine.name, false);
  machine.start();
  return { components: [], message: `started ${machine.name}` };
}

export function setDown(cluster: Cluster, name: string, down: boolean): void {
  const others = cluster.state.down.filter((other) => other !== name);
  cluster.state.down = down ? [...others, name] : others;
  cluster.save();
}

async function actOnComponent(cluster: Cluster, clock: Clock, component: ComponentStatus, action: ActRequest_Action): Promise<void> {
  const id = component.pid > 0 ? readStat(component.pid) : undefined;
  if (!id || !isAlive(id))
    throw new UsageError(`${component.name} does not run right now; try again, or see: flotilla logs ${component.name}`);
  switch (action) {
    case ActRequest_Action.KILL:
      return signal(id, "SIGKILL");
    case ActRequest_Action.PAUSE:
      return signal(id, "SIGSTOP");
    case ActRequest_Action.RESUME:
      return signal(id, "SIGCONT");
    case ActRequest_Action.RESTART: {
      const supervised = cluster.machine(component.machine)?.find(component.component);
      if (supervised) return supervised.restart(RESTART_GRACE_MS);
      // A pod's: its kubelet brings it back.
      return endProcess(clock, id, RESTART_GRACE_MS);
    }
  }
}
