import type { Clock } from "@flotilla/base";
import * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import { isRpcNotFound } from "../errors.ts";
import { LABEL } from "./labels.ts";
import {
  containerState,
  emptyObservation,
  fingerprint,
  ms,
  type ObservedContainer,
  type ObservedPod,
  type ObservedSandbox,
  observedContainer,
} from "./observed.ts";
import type { Runtime } from "./runtime.ts";

interface Cached {
  pod: ObservedPod;
  /** When the observation began: everything done before it is in it. */
  at_ms: number;
}

/**
 * Owns what is known of the runtime's pods. Two list calls give a whole picture;
 * details (exit codes, addresses) are asked once per container and state, for
 * they do not change after that.
 *
 * 1. A pod without containers or sandboxes is never in `pods`.
 * 2. An observation never replaces one that began later.
 */
export class Observer {
  private readonly runtime: Runtime;
  private readonly clock: Clock;
  private readonly pods = new Map<string, Cached>();
  private readonly details = new Map<string, { state: string; detail: ObservedContainer }>();
  private readonly addresses = new Map<string, string[]>();
  /** When a pod was found to have nothing left: an older picture must not bring it back. */
  private readonly emptied = new Map<string, number>();
  private relisted_ms = Number.NEGATIVE_INFINITY;

  constructor(runtime: Runtime, clock: Clock) {
    this.runtime = runtime;
    this.clock = clock;
  }

  known(): ObservedPod[] {
    return [...this.pods.values()].map((c) => c.pod);
  }

  peek(uid: string): ObservedPod | undefined {
    return this.pods.get(uid)?.pod;
  }

  /** The pod as it was at `since_ms` (monotonic) or later. */
  async get(uid: string, since_ms: number): Promise<ObservedPod> {
    const cached = this.pods.get(uid);
    if ((cached?.at_ms ?? this.relisted_ms) > since_ms) return cached?.pod ?? emptyObservation(uid);
    return this.observe(uid);
  }

  async observe(uid: string): Promise<ObservedPod> {
    const at_ms = this.clock.monotonic();
    const labels = { [LABEL.podUid]: uid };
    const [sandboxes, containers] = await Promise.all([this.runtime.listPodSandboxes(labels), this.runtime.listContainers(labels)]);
    const pod = await this.assemble(uid, sandboxes, containers);
    this.store(uid, pod, at_ms);
    return pod;
  }

  /** Looks at every pod; returns the uids of those that changed since they were last seen. */
  async relist(): Promise<string[]> {
    const at_ms = this.clock.monotonic();
    const [sandboxes, containers] = await Promise.all([this.runtime.listPodSandboxes(), this.runtime.listContainers()]);
    const groups = group(sandboxes, containers);
    const changed: string[] = [];
    for (const [uid, found] of groups) {
      const seen = this.pods.get(uid);
      if (seen && fingerprint(seen.pod) === listedFingerprint(found)) {
        if (seen.at_ms < at_ms) seen.at_ms = at_ms;
        continue;
      }
      const pod = await this.assemble(uid, found.sandboxes, found.containers);
      if (this.store(uid, pod, at_ms)) changed.push(uid);
    }
    for (const [uid, cached] of this.pods) {
      if (groups.has(uid) || cached.at_ms > at_ms) continue;
      this.pods.delete(uid);
      changed.push(uid);
    }
    this.relisted_ms = at_ms;
    for (const [uid, emptied_ms] of this.emptied) if (emptied_ms < at_ms) this.emptied.delete(uid);
    this.prune(sandboxes, containers);
    return changed;
  }

  private store(uid: string, pod: ObservedPod, at_ms: number): boolean {
    const seen = this.pods.get(uid);
    if (seen && seen.at_ms > at_ms) return false;
    if (pod.sandboxes.length + pod.containers.length === 0) {
      this.emptied.set(uid, at_ms);
      return this.pods.delete(uid);
    }
    if ((this.emptied.get(uid) ?? Number.NEGATIVE_INFINITY) > at_ms) return false;
    this.pods.set(uid, { pod, at_ms });
    return true;
  }

  private async assemble(uid: string, sandboxes: cri.PodSandbox[], containers: cri.Container[]): Promise<ObservedPod> {
    const [observedSandboxes, observedContainers] = await Promise.all([
      Promise.all(sandboxes.map((s) => this.sandbox(s))),
      Promise.all(containers.map((c) => this.container(c))),
    ]);
    const labels = sandboxes[0]?.labels ?? containers[0]?.labels ?? {};
    return {
      ...emptyObservation(uid, labels[LABEL.podName], labels[LABEL.podNamespace]),
      sandboxes: observedSandboxes.sort((a, b) => b.attempt - a.attempt || b.createdAt_ms - a.createdAt_ms),
      containers: observedContainers
        .filter((c) => c !== undefined)
        .sort((a, b) => b.restartCount - a.restartCount || b.createdAt_ms - a.createdAt_ms),
    };
  }

  private async sandbox(listed: cri.PodSandbox): Promise<ObservedSandbox> {
    const ready = listed.state === cri.PodSandboxState.SANDBOX_READY;
    if (ready && !this.addresses.has(listed.id)) {
      const status = await this.runtime.podSandboxStatus(listed.id).catch(absent);
      const ips = [status?.network?.ip ?? "", ...(status?.network?.additionalIps ?? []).map((a) => a.ip)].filter((ip) => ip !== "");
      // An address given late is asked for again.
      if (ips.length > 0) this.addresses.set(listed.id, ips);
    }
    return {
      id: listed.id,
      attempt: listed.metadata?.attempt ?? 0,
      ready,
      createdAt_ms: ms(listed.createdAt),
      ips: this.addresses.get(listed.id) ?? [],
    };
  }

  private async container(listed: cri.Container): Promise<ObservedContainer | undefined> {
    const state = containerState(listed.state);
    const known = this.details.get(listed.id);
    if (known?.state === state) return known.detail;
    const status = await this.runtime.containerStatus(listed.id).catch(absent);
    if (!status) return undefined;
    const detail = observedContainer(listed, status);
    this.details.set(listed.id, { state: detail.state, detail });
    return detail;
  }

  private prune(sandboxes: cri.PodSandbox[], containers: cri.Container[]): void {
    const alive = new Set([...sandboxes.map((s) => s.id), ...containers.map((c) => c.id)]);
    for (const id of this.details.keys()) if (!alive.has(id)) this.details.delete(id);
    for (const id of this.addresses.keys()) if (!alive.has(id)) this.addresses.delete(id);
  }
}

/** Removed between the list and now. Any other failure must fail the observation: what is not seen would be started again. */
function absent(error: unknown): undefined {
  if (!isRpcNotFound(error)) throw error;
}

interface Listed {
  sandboxes: cri.PodSandbox[];
  containers: cri.Container[];
}

function group(sandboxes: cri.PodSandbox[], containers: cri.Container[]): Map<string, Listed> {
  const groups = new Map<string, Listed>();
  const of = (uid: string) => {
    const found = groups.get(uid) ?? { sandboxes: [], containers: [] };
    groups.set(uid, found);
    return found;
  };
  for (const s of sandboxes) if (s.labels[LABEL.podUid]) of(s.labels[LABEL.podUid]!).sandboxes.push(s);
  for (const c of containers) if (c.labels[LABEL.podUid]) of(c.labels[LABEL.podUid]!).containers.push(c);
  return groups;
}

function listedFingerprint(listed: Listed): string {
  return fingerprint({
    sandboxes: listed.sandboxes.map((s) => ({ id: s.id, ready: s.state === cri.PodSandboxState.SANDBOX_READY })),
    containers: listed.containers.map((c) => ({ id: c.id, state: containerState(c.state) })),
  });
}
