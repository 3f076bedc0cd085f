import { isDeepStrictEqual } from "node:util";
import { isApiError, isNotFound, type Pod, type PodStatus, Pods } from "@flotilla/api";
import { type Clock, type Logger, sleep } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";
import { isStaticPod, podKey } from "../pods/pod.ts";
import { OWN_CONDITIONS } from "./conditions.ts";

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
  /** Of the object as it was after our last write. */
  version?: string;
  writing?: Promise<void>;
  again?: boolean;
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
    if (entry) {
      entry.pod = pod;
      if (isDeepStrictEqual(entry.status, status)) return;
      entry.status = status;
    } else {
      this.entries.set(pod.metadata.uid!, { pod, status });
    }
    this.kick(pod.metadata.uid!);
  }

  /** Writes again whatever the API does not have yet; called when the API or a mirror pod comes back. */
  resync(): void {
    for (const uid of this.entries.keys()) this.kick(uid);
  }

  /**
   * The API shows a pod of ours as `seen`: where another has written over what we know (a node taken for
   * dead has its pods marked unready), ours is written again.
   */
  reconcile(uid: string, seen: Pod): void {
    const entry = this.entries.get(uid);
    if (!entry?.written || entry.writing || entry.writtenUid !== seen.metadata.uid) return;
    if (Number(seen.metadata.resourceVersion) <= Number(entry.version)) return; // our own write, or an older one
    if (verdict(seen.status) === verdict(entry.status)) return;
    entry.written = seen.status ?? {};
    this.kick(uid);
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
    if (!entry || !this.ports.client) return;
    // The running write may just have looked for the last time: look once more after it.
    if (entry.writing) entry.again = true;
    else {
      entry.writing = this.write(entry).finally(() => {
        entry.writing = undefined;
        if (!entry.again) return;
        entry.again = false;
        this.kick(uid);
      });
    }
  }

  private async write(entry: Entry): Promise<void> {
    while (!this.shutdown.aborted && this.entries.get(entry.pod.metadata.uid!) === entry) {
      const target = this.ports.apiPod(entry.pod);
      if (!target) return; // no mirror pod yet; `resync` comes when there is one
      const status = entry.status;
      const base = entry.writtenUid === target.metadata.uid ? entry.written! : (target.status ?? {});
      const full = withForeign(status, target.status);
      if (isDeepStrictEqual(plain(base), plain(full))) {
        entry.written = status;
        entry.writtenUid = target.metadata.uid;
        return;
      }
      try {
        entry.version = (await this.patch(target, base, full)).metadata.resourceVersion;
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

  private async patch(target: Pod, base: PodStatus, status: PodStatus): Promise<Pod> {
    const removed = Object.fromEntries(
      Object.keys(base)
        .filter((key) => !(key in status) && !NOT_OURS.has(key))
        .map((key) => [key, null]),
    );
    const body = { metadata: { uid: target.metadata.uid }, status: { ...removed, ...status } };
    const options = { namespace: target.metadata.namespace, subresource: "status" };
    return this.ports.client!.patch(Pods, target.metadata.name!, { type: "merge", body }, options);
  }
}

/** Parts of a pod's status that others write. */
const NOT_OURS = new Set(["nominatedNodeName", "resize", "resourceClaimStatuses", "observedGeneration"]);

/** Others write conditions of their own into the same list: theirs stay as the API shows them. */
function withForeign(status: PodStatus, shown: PodStatus | undefined): PodStatus {
  const own = (status.conditions ?? []).filter((c) => OWN_CONDITIONS.includes(c.type));
  return { ...status, conditions: [...own, ...(shown?.conditions ?? []).filter((c) => !OWN_CONDITIONS.includes(c.type))] };
}

/** The parts that others act upon; the rest the server may write in its own way. */
function verdict(status: PodStatus | undefined): string {
  const conditions = (status?.conditions ?? []).filter((c) => OWN_CONDITIONS.includes(c.type)).map((c) => `${c.type}=${c.status}`);
  return [status?.phase, ...conditions.sort()].join(" ");
}

/** As it reads after a round through JSON: no undefined fields. */
const plain = (status: PodStatus): unknown => JSON.parse(JSON.stringify(status));
