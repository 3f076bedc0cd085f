import { open, readFile } from "node:fs/promises";
import type { Container, Pod, PodStatus } from "@flotilla/api";
import { ANNOTATION } from "../cri/labels.ts";
import type { ObservedContainer, ObservedPod } from "../cri/observed.ts";
import { allContainers, allStatuses, usesHostNetwork } from "../pods/pod.ts";
import type { StartFailure } from "../status/containers.ts";
import { generatePodStatus, type PodFailure } from "../status/generate.ts";
import type { Kit } from "./kit.ts";

const MESSAGE_BYTES_MAX = 4096;
const FALLBACK_BYTES_MAX = 2048;

/** What a worker remembers of its pod between syncs. */
export interface PodMemory {
  /** By container name. */
  failures: Map<string, StartFailure>;
  /** Last words, by container id. */
  messages: Map<string, string>;
  /** When we last changed anything in the runtime (monotonic). */
  acted_ms: number;
}

export const createMemory = (): PodMemory => ({ failures: new Map(), messages: new Map(), acted_ms: Number.NEGATIVE_INFINITY });

/** Starts and ends probes to fit what runs, then tells the pod's status. */
export async function publish(
  kit: Kit,
  pod: Pod,
  observed: ObservedPod,
  memory: PodMemory,
  end?: { failure?: PodFailure; terminal: boolean },
): Promise<PodStatus> {
  const previous = kit.status.current(pod);
  if (!end?.terminal) attachProbes(kit, pod, observed, previous);
  await readLastWords(pod, observed, memory);
  const status = generatePodStatus(pod, observed, {
    previous,
    hostIP: kit.node.hostIP(),
    now_ms: kit.clock.now(),
    runtimeName: kit.node.runtimeName(),
    failure: end?.failure,
    terminal: end?.terminal,
    ...facts(kit, memory),
  });
  kit.status.set(pod, status);
  return status;
}

function facts(kit: Kit, memory: PodMemory) {
  return {
    startFailure: (name: string) => memory.failures.get(name),
    started: (container: Container, id: string) => !container.startupProbe || kit.probes.startup(id) === true,
    ready: (container: Container, id: string) => !container.readinessProbe || kit.probes.readiness(id) === true,
    terminationMessage: (_container: Container, id: string) => memory.messages.get(id),
  };
}

function attachProbes(kit: Kit, pod: Pod, observed: ObservedPod, previous: PodStatus): void {
  const running = observed.containers.filter((c) => c.state === "running");
  kit.probes.retain(pod.metadata.uid!, new Set(running.map((c) => c.id)));
  const podIP = usesHostNetwork(pod) ? kit.node.hostIP() || "127.0.0.1" : observed.sandboxes.find((s) => s.ready)?.ips[0];
  if (!podIP) return;
  const told = allStatuses(previous);
  for (const observedContainer of running) {
    const container = allContainers(pod).find((c) => c.name === observedContainer.name);
    if (!container) continue;
    const wasReady = told.some((s) => s.containerID?.endsWith(`://${observedContainer.id}`) && s.ready);
    kit.probes.add(pod, container, observedContainer.id, podIP, observedContainer.startedAt_ms, wasReady);
  }
}

async function readLastWords(pod: Pod, observed: ObservedPod, memory: PodMemory): Promise<void> {
  const ids = new Set(observed.containers.map((c) => c.id));
  for (const id of memory.messages.keys()) if (!ids.has(id)) memory.messages.delete(id);
  for (const c of observed.containers) {
    if (c.state !== "exited" || memory.messages.has(c.id)) continue;
    memory.messages.set(c.id, await lastWords(pod, c));
  }
}

async function lastWords(pod: Pod, c: ObservedContainer): Promise<string> {
  const path = c.annotations[ANNOTATION.terminationLog];
  const text = path ? (await readFile(path, "utf8").catch(() => "")).slice(0, MESSAGE_BYTES_MAX) : "";
  const policy = allContainers(pod).find((s) => s.name === c.name)?.terminationMessagePolicy;
  if (text !== "" || policy !== "FallbackToLogsOnError" || c.exitCode === 0) return text;
  return tail(c.logPath).catch(() => "");
}

async function tail(path: string): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read({
    position: Math.max(0, size - FALLBACK_BYTES_MAX),
    buffer: Buffer.alloc(FALLBACK_BYTES_MAX),
  });
  return buffer
    .toString("utf8", 0, bytesRead)
    .split("\n")
    .map((line) => line.replace(/^\S+ (?:stdout|stderr) [FP] /, ""))
    .join("\n");
}
