import { type CustomResourceDefinition, isNotFound, type ResourceDefinition } from "@flotilla/api";
import { Backoff, sleep } from "@flotilla/base";
import { deleteObject } from "../registry/delete.ts";
import { cacheOf, type Kernel, keyOf, storedBytes } from "../registry/kernel.ts";
import { modifyStored } from "../registry/modify-stored.ts";
import type { Call } from "../request/call.ts";
import { withCondition } from "./status.ts";

const FINALIZER = "customresourcecleanup.apiextensions.k8s.io";
const WORKERS = 16;
const LOOK_AGAIN_MS = 200;
const WAITING = { initial_ms: LOOK_AGAIN_MS, max_ms: 5_000, factor: 1.5 };
const RETRY = { initial_ms: 1_000, max_ms: 60_000 };
/** Another replica may not have heard yet that nothing may be created any more. */
const EMPTY_LOOKS_MIN = 2;
const SYSTEM = { name: "system:apiserver", groups: ["system:masters", "system:authenticated"] };

/** Takes a deleted definition's instances away, then its finalizer (apiextensions-apiserver/pkg/controller/finalizer). */
export class InstanceCleaner {
  readonly #kernel: Kernel;
  readonly #crds: ResourceDefinition;
  readonly #busy = new Set<string>();
  #stopped = false;

  constructor(kernel: Kernel, crds: ResourceDefinition) {
    this.#kernel = kernel;
    this.#crds = crds;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** @param instances undefined when the kind never came into being. */
  clean(name: string, instances: ResourceDefinition | undefined): void {
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    void this.#insist(name, instances).finally(() => this.#busy.delete(name));
  }

  /** A webhook that refuses, or a store that does not answer, must not leave the definition half gone for ever. */
  async #insist(name: string, instances: ResourceDefinition | undefined): Promise<void> {
    const backoff = new Backoff(RETRY, this.#kernel.random);
    while (!this.#stopped) {
      try {
        return await this.#run(name, instances);
      } catch (error) {
        if (this.#stopped || isNotFound(error)) return;
        this.#kernel.log.warn("custom resources are not cleared away yet", { name, error });
        await sleep(this.#kernel.clock, backoff.next(name));
      }
    }
  }

  async #run(name: string, instances: ResourceDefinition | undefined): Promise<void> {
    const key = keyOf(this.#crds, "", name);
    const waiting = new Backoff(WAITING, this.#kernel.random);
    await this.#say(name, "InstanceDeletionInProgress", "CustomResource deletion is in progress");
    for (let empty = 0; empty < EMPTY_LOOKS_MIN; ) {
      if (this.#stopped || !cacheOf(this.#kernel, this.#crds).get(key)) return;
      empty = instances && (await this.#deleteAll(instances)) > 0 ? 0 : empty + 1;
      // Instances with finalizers may take long.
      const delay_ms = empty > 0 ? LOOK_AGAIN_MS : waiting.next(name);
      await sleep(this.#kernel.clock, delay_ms);
    }
    await this.#release(key);
  }

  /** How many there still are. */
  async #deleteAll(def: ResourceDefinition): Promise<number> {
    const { store } = this.#kernel;
    await store.fresh();
    const entries = [...cacheOf(this.#kernel, def).scan(`/registry/`)];
    const pending = entries.filter(({ object }) => object.metadata.deletionTimestamp === undefined).values();
    const call = { user: SYSTEM, warnings: [], annotations: {} } as unknown as Call;
    const worker = async () => {
      for (const { namespace, name } of pending) {
        await deleteObject(this.#kernel, call, def, def.namespaced ? namespace : "", name, {}, false).catch((error) => {
          if (!isNotFound(error)) throw error;
        });
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
    return entries.length;
  }

  async #say(name: string, reason: string, message: string): Promise<void> {
    await modifyStored(this.#kernel, this.#crds, "", name, (current) => {
      const { status } = current as unknown as CustomResourceDefinition;
      const before = (status?.conditions ?? []) as Parameters<typeof withCondition>[0];
      if (before.some((condition) => condition.type === "Terminating" && condition.reason === reason)) return undefined;
      const conditions = withCondition(before, { type: "Terminating", status: "True", reason, message }, this.#kernel.clock.now());
      return { ...current, status: { ...status, conditions } };
    });
  }

  /** Without its last finalizer it is gone. */
  async #release(key: string): Promise<void> {
    const { store } = this.#kernel;
    for (let stored = await store.read(key); stored; ) {
      const finalizers = (stored.object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
      if (finalizers.length === 0) {
        const removed = await store.remove(key, stored.revision);
        if (removed.ok) return;
        stored = removed.current;
      } else {
        const metadata = { ...stored.object.metadata, finalizers };
        const written = await store.swap(key, stored.revision, await storedBytes(this.#crds, { ...stored.object, metadata }));
        if (written.ok) return;
        stored = written.current;
      }
    }
  }
}
