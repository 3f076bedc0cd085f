import { type Pod, Pods } from "@flotilla/api";
import type { Logger } from "@flotilla/base";
import type { ApiClient, Informer } from "@flotilla/client";
import { HASH_ANNOTATION, isMirrorPod, isStaticPod, podKey } from "../pods/pod.ts";
import type { PodWorkers } from "../worker/workers.ts";
import { podChanged } from "./changes.ts";
import { removeMirror } from "./mirror.ts";

/** The informer's selector: pods bound to this node. */
export const podsOf = (nodeName: string) => ({ fieldSelector: `spec.nodeName=${nodeName}` });
export { Pods };

export interface PodSourcePorts {
  log: Logger;
  client?: ApiClient;
  pods?: Informer<Pod>;
  workers: PodWorkers;
  /** Starts a pod of the API, or refuses it. */
  admit(pod: Pod): void;
  /** The API's newest object for the pod with this uid here. */
  shown(uid: string, pod: Pod): void;
  /** A mirror pod came, changed or went. */
  mirrorChanged(): void;
}

/**
 * Owns which pods are desired here: manifests of this machine and the API's pods of this node.
 *
 * 1. Nothing is removed as unknown before every source has spoken once.
 * 2. A mirror pod is never run; it only shows the static pod of the same name.
 */
export class PodSources {
  private readonly ports: PodSourcePorts;
  private readonly statics = new Map<string, Pod>();
  private manifestsRead = false;

  constructor(ports: PodSourcePorts) {
    this.ports = ports;
  }

  ready(): boolean {
    return this.manifestsRead && (this.ports.pods?.hasSynced() ?? true);
  }

  /** The API's object that stands for a pod of ours. */
  apiPod(pod: Pod): Pod | undefined {
    const found = this.ports.pods?.lister.get(pod.metadata.name!, pod.metadata.namespace);
    if (!found) return undefined;
    if (isStaticPod(pod)) return found.metadata.annotations?.[HASH_ANNOTATION] === pod.metadata.uid ? found : undefined;
    return found.metadata.uid === pod.metadata.uid ? found : undefined;
  }

  mirror(pod: Pod): Pod | undefined {
    const found = this.ports.pods?.lister.get(pod.metadata.name!, pod.metadata.namespace);
    return found && isMirrorPod(found) ? found : undefined;
  }

  /** The pod a server request or an event means, by the name the API knows. */
  byName(namespace: string, name: string): Pod | undefined {
    const key = `${namespace}/${name}`;
    const running = this.ports.workers.all().filter((w) => podKey(w.pod) === key);
    return running.at(-1)?.pod;
  }

  deliverManifests(pods: Pod[]): void {
    const present = new Set(pods.map((p) => p.metadata.uid!));
    for (const uid of [...this.statics.keys()]) {
      if (present.has(uid)) continue;
      this.statics.delete(uid);
      this.ports.workers.remove(uid);
    }
    for (const pod of pods) {
      if (this.statics.has(pod.metadata.uid!)) continue;
      this.statics.set(pod.metadata.uid!, pod);
      this.ports.workers.update(pod);
    }
    this.manifestsRead = true;
  }

  subscribe(): void {
    this.ports.pods?.subscribe({
      add: (pod) => this.seen(pod),
      update: (pod, old) => {
        this.ports.shown((isMirrorPod(pod) ? pod.metadata.annotations?.[HASH_ANNOTATION] : undefined) ?? pod.metadata.uid!, pod);
        if (pod.metadata.uid !== old.metadata.uid) {
          this.ports.workers.remove(old.metadata.uid!);
          this.seen(pod);
        } else if (podChanged(pod, old)) this.seen(pod);
      },
      delete: (pod) => {
        if (isMirrorPod(pod)) this.ports.mirrorChanged();
        else this.removed(pod);
      },
    });
  }

  private seen(pod: Pod): void {
    if (isMirrorPod(pod)) {
      this.ports.mirrorChanged();
      return;
    }
    const uid = pod.metadata.uid!;
    if (this.ports.workers.get(uid)) this.ports.workers.update(pod);
    else this.ports.admit(pod);
  }

  private removed(pod: Pod): void {
    const worker = this.ports.workers.get(pod.metadata.uid!);
    // A forced deletion shortens what is left of the grace period.
    if (worker) worker.pod = { ...worker.pod, metadata: { ...worker.pod.metadata, ...gracePart(pod) } };
    this.ports.workers.remove(pod.metadata.uid!);
  }

  /** Mirror pods whose manifest is gone. */
  async removeStrayMirrors(): Promise<void> {
    if (!this.ready() || !this.ports.client) return;
    const wanted = new Set([...this.statics.values()].map(podKey));
    for (const pod of this.ports.pods!.lister.list()) {
      if (!isMirrorPod(pod) || wanted.has(podKey(pod))) continue;
      await removeMirror(this.ports.client, pod).catch((error) =>
        this.ports.log.warn("could not delete mirror pod", { pod: podKey(pod), error: (error as Error).message }),
      );
    }
  }
}

function gracePart(pod: Pod): { deletionGracePeriodSeconds?: number } {
  const { deletionGracePeriodSeconds } = pod.metadata;
  return deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds };
}
