import { isDeepStrictEqual } from "node:util";
import { isApiError, isNotFound, type Pod, type PodStatus, Pods } from "@flotilla/api";
import { type Clock, type Logger, sleep } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";
import { isStaticPod, podKey } from "../pods/pod.ts";

const RETRY_MS = 300;

export interface StatusWriterPorts {
  clock: Clock;
  log: Logger;
  client?: ApiClient;
  /** The API's object for a pod of ours: itself, or its mirror pod. */
  apiPod(pod: Pod): Pod | undefined;
}

interface Entry {
  pod: Pod;
  status: PodStatus;
  /** What the API has for certain. */
  written?: PodStatus;
  writtenUid?: string;
  writing?: Promise<void>;
}

/**
 * Owns the statuses of this node's pods and tells them to the API: one write at a
 * time for each pod, the newest status only, different pods side by side.
 */
export class StatusWriter {
  private readonly ports: StatusWriterPorts;
  private readonly entries = new Map<string, Entry>();
  private readonly shutdown: AbortSignal;

  constructor(ports: StatusWriterPorts, shutdown: AbortSignal) {
    this.ports = ports;
    this.shutdown = shutdown;
  }

  current(pod: Pod): PodStatus {
    return this.entries.get(pod.metadata.uid!)?.status ?? this.ports.apiPod(pod)?.status ?? pod.status ?? {};
  }

  set(pod: Pod, status: PodStatus): void {
    const entry = this.entries.get(pod.metadata.uid!);
    // Others write conditions of their own into the same list.
    const foreign = this.ports.apiPod(pod)?.status?.conditions ?? [];
    const own = new Set(status.conditions?.map((c) => c.type));
    const merged = { ...status, conditions: [...(status.conditions ?? []), ...foreign.filter((c) => !own.has(c.type))] };
    if (entry) {
      entry.pod = pod;
      if (isDeepStrictEqual(entry.status, merged)) return;
      entry.status = merged;
    } else {
      this.entries.set(pod.metadata.uid!, { pod, status: merged });
    }
    this.kick(pod.metadata.uid!);
  }

  /** Writes again whatever the API does not have yet; called when the API or a mirror pod comes back. */
  resync(): void {
    for (const uid of this.entries.keys()) this.kick(uid);
  }

  /** Resolves when the pod's newest status is with the API, or the API does not have the pod. */
  async flush(uid: string): Promise<void> {
    for (let entry = this.entries.get(uid); entry?.writing; entry = this.entries.get(uid)) await entry.writing;
  }

  forget(uid: string): void {
    this.entries.delete(uid);
  }

  all(): { pod: Pod; status: PodStatus }[] {
    return [...this.entries.values()];
  }

  private kick(uid: string): void {
    const entry = this.entries.get(uid);
    if (!entry || entry.writing || !this.ports.client) return;
    entry.writing = this.write(entry).finally(() => {
      entry.writing = undefined;
    });
  }

  private async write(entry: Entry): Promise<void> {
    while (!this.shutdown.aborted && this.entries.get(entry.pod.metadata.uid!) === entry) {
      const target = this.ports.apiPod(entry.pod);
      if (!target) return; // no mirror pod yet; `resync` comes when there is one
      const status = entry.status;
      const base = entry.writtenUid === target.metadata.uid ? entry.written! : (target.status ?? {});
      if (isDeepStrictEqual(plain(base), plain(status))) {
        entry.written = status;
        entry.writtenUid = target.metadata.uid;
        return;
      }
      try {
        await this.patch(target, base, status);
        entry.written = status;
        entry.writtenUid = target.metadata.uid;
      } catch (error) {
        if (isNotFound(error) || (isApiError(error, "Conflict") && !isStaticPod(entry.pod))) return;
        this.ports.log.warn("could not write pod status", { pod: podKey(entry.pod), error: (error as Error).message });
        await sleep(this.ports.clock, RETRY_MS, this.shutdown);
      }
      if (entry.status === entry.written) return;
    }
  }

  private async patch(target: Pod, base: PodStatus, status: PodStatus): Promise<void> {
    const removed = Object.fromEntries(
      Object.keys(base)
        .filter((key) => !(key in status) && !NOT_OURS.has(key))
        .map((key) => [key, null]),
    );
    const body = { metadata: { uid: target.metadata.uid }, status: { ...removed, ...status } };
    const options = { namespace: target.metadata.namespace, subresource: "status" };
    await this.ports.client!.patch(Pods, target.metadata.name!, { type: "merge", body }, options);
  }
}

/** Parts of a pod's status that others write. */
const NOT_OURS = new Set(["nominatedNodeName", "resize", "resourceClaimStatuses", "observedGeneration"]);

/** As it reads after a round through JSON: no undefined fields. */
const plain = (status: PodStatus): unknown => JSON.parse(JSON.stringify(status));
