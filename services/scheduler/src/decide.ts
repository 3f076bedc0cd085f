import { type Random, randomInt } from "@flotilla/base";
import type { NodeInfo } from "./node-info.ts";
import type { Cycle, Instance, Plugin, Rejection } from "./plugin.ts";

export type Decision =
  | { kind: "node"; node: NodeInfo; evaluated: number; feasible: number }
  | { kind: "none"; rejections: Map<string, Rejection>; plugins: Set<string> };

export interface Framework {
  plugins: readonly { plugin: Plugin; weight: number }[];
  random: Random;
}

interface Running {
  plugin: Plugin;
  weight: number;
  instance: Instance;
}

/** Below this many nodes all are looked at; above, enough feasible ones suffice. */
const ALL_NODES = 100;
const MIN_PERCENT = 5;

/** Where a pod goes, or why nowhere. Pure but for the tie-break's chance; `start` rotates where the search begins. */
export function decide(cycle: Cycle, framework: Framework, start = 0): Decision {
  const running = framework.plugins.map(({ plugin, weight }) => ({ plugin, weight, instance: plugin.begin(cycle) }));
  const wanted = enough(cycle.nodes.length);
  const feasible: NodeInfo[] = [];
  const rejections = new Map<string, Rejection>();
  const plugins = new Set<string>();
  let evaluated = 0;
  for (; evaluated < cycle.nodes.length && feasible.length < wanted; evaluated++) {
    const node = cycle.nodes[(start + evaluated) % cycle.nodes.length]!;
    const verdict = filterOne(running, node);
    if (!verdict) feasible.push(node);
    else {
      rejections.set(node.name, verdict.rejection);
      plugins.add(verdict.plugin);
    }
  }
  if (feasible.length === 0) return { kind: "none", rejections, plugins };
  return { kind: "node", node: best(running, feasible, framework.random), evaluated, feasible: feasible.length };
}

function filterOne(running: Running[], node: NodeInfo): { rejection: Rejection; plugin: string } | undefined {
  for (const { plugin, instance } of running) {
    const rejection = instance.filter?.(node);
    if (rejection) return { rejection, plugin: plugin.name };
  }
  return undefined;
}

/** Why the pod would not fit there; undefined when it would. For preemption's "what if". */
export function rejectionOn(cycle: Cycle, framework: Framework, node: NodeInfo): Rejection | undefined {
  const running = framework.plugins.map(({ plugin, weight }) => ({ plugin, weight, instance: plugin.begin(cycle) }));
  return filterOne(running, node)?.rejection;
}

function best(running: Running[], feasible: NodeInfo[], random: Random): NodeInfo {
  if (feasible.length === 1) return feasible[0]!;
  const totals = new Map<NodeInfo, number>(feasible.map((n) => [n, 0]));
  for (const { instance, weight } of running) {
    const { score } = instance;
    if (!score || weight === 0) continue;
    const scores = new Map(feasible.map((n) => [n, score(n)]));
    instance.normalize?.(scores);
    for (const [node, value] of scores) totals.set(node, totals.get(node)! + value * weight);
  }
  const top = Math.max(...totals.values());
  const tied = feasible.filter((n) => totals.get(n) === top);
  return tied[randomInt(random, tied.length)]!;
}

/** How many feasible nodes end the search, as upstream's adaptive percentageOfNodesToScore. */
function enough(nodes: number): number {
  if (nodes <= ALL_NODES) return nodes;
  const percent = Math.max(MIN_PERCENT, 50 - Math.floor(nodes / 125));
  return Math.max(ALL_NODES, Math.floor((nodes * percent) / 100));
}
