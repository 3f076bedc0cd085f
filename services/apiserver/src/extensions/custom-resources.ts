import { type CustomResourceDefinition, customDefinitions, jsonEqual, type ResourceDefinition } from "@flotilla/api";
import { WebhookClient } from "../network/webhook-client.ts";
import type { Kernel } from "../registry/kernel.ts";
import { modifyStored } from "../registry/modify-stored.ts";
import { webhookConverter } from "./conversion.ts";
import { InstanceCleaner } from "./instance-cleaner.ts";
import { Retirement } from "./retirement.ts";
import { compileRules } from "./rules.ts";
import { isEstablished, isTerminating, nextStatus } from "./status.ts";

const CRDS = "customresourcedefinitions";
const PREFIX = `/registry/${CRDS}/`;

interface Served {
  /** What the definitions were made from. */
  source: unknown;
  definitions: ResourceDefinition[];
  retirement: Retirement;
}

/**
 * Follows the CustomResourceDefinitions in the store: accepts their names, serves their kinds in this process, and
 * clears away their instances when they go. Every replica does all of it; what one has written, the others find done.
 * 1. A kind is served exactly while its definition is stored and Established.
 * 2. The registry changes only where a definition's spec or accepted names did.
 */
export class CustomResources {
  readonly #kernel: Kernel;
  readonly #webhooks: WebhookClient;
  readonly #served = new Map<string, Served>();
  readonly #cleaner: InstanceCleaner;
  readonly #writing = new Set<string>();
  #unsubscribe = () => {};
  #stopped = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#webhooks = new WebhookClient(kernel.store, kernel.clock, kernel.random);
    this.#cleaner = new InstanceCleaner(kernel, this.#definition);
  }

  get #definition(): ResourceDefinition {
    return this.#kernel.definitions.find("apiextensions.k8s.io", "v1", CRDS)!;
  }

  /** After the store has been read: what is there is served when this returns. */
  start(): void {
    const { store } = this.#kernel;
    for (const crd of this.#all()) this.#sync(crd);
    this.#unsubscribe = store.cache(CRDS).subscribe(store.revision, ({ type, entry }) => {
      const crd = entry.object as unknown as CustomResourceDefinition;
      if (type === "DELETED") {
        this.#withdraw(crd.metadata.name!);
        // Names that it held are free: others may be waiting for them.
        for (const other of this.#all()) if (other.spec.group === crd.spec.group) this.#sync(other);
      } else this.#sync(crd);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
    this.#cleaner.stop();
    this.#webhooks.close();
  }

  #all(): CustomResourceDefinition[] {
    return [...this.#kernel.store.cache(CRDS).scan(PREFIX)].map(({ object }) => object as unknown as CustomResourceDefinition);
  }

  #sync(crd: CustomResourceDefinition): void {
    if (isEstablished(crd)) this.#serve(crd);
    if (isTerminating(crd)) return this.#cleaner.clean(crd.metadata.name!, this.#served.get(crd.metadata.name!)?.definitions[0]);
    if (this.#next(crd)) void this.#writeStatus(crd.metadata.name!);
  }

  #next(crd: CustomResourceDefinition): CustomResourceDefinition["status"] {
    const others = this.#all().filter(({ spec, metadata }) => spec.group === crd.spec.group && metadata.name !== crd.metadata.name);
    return nextStatus(crd, others, this.#kernel.clock.now());
  }

  async #writeStatus(name: string): Promise<void> {
    if (this.#writing.has(name) || this.#stopped) return;
    this.#writing.add(name);
    try {
      await modifyStored(this.#kernel, this.#definition, "", name, (current) => {
        const crd = current as unknown as CustomResourceDefinition;
        const status = isTerminating(crd) ? undefined : this.#next(crd);
        return status && { ...current, status };
      });
    } catch (error) {
      if (!this.#stopped) this.#kernel.log.warn("custom resource definition's status not written", { name, error });
    } finally {
      this.#writing.delete(name);
    }
  }

  #serve(crd: CustomResourceDefinition): void {
    const name = crd.metadata.name!;
    const source = [crd.spec, crd.status?.acceptedNames, isTerminating(crd)];
    const before = this.#served.get(name);
    if (before && jsonEqual(before.source, source)) return;
    const { log, random } = this.#kernel;
    try {
      const made = customDefinitions(crd, {
        rules: compileRules,
        converter: (of) => webhookConverter({ webhooks: this.#webhooks, random }, of),
      });
      // A group's version that is built in stays whole, as upstream's aggregation order has it.
      const own = made.filter(({ group, version }) => !this.#isBuiltin(group, version));
      // Nothing new while the instances are being cleared away.
      const retirement = new Retirement();
      const definitions = (isTerminating(crd) ? own.map(withoutCreate) : own).map((each) => retirement.of(each));
      this.#withdraw(name);
      for (const definition of definitions) this.#kernel.definitions.add(definition);
      this.#served.set(name, { source, definitions, retirement });
    } catch (error) {
      log.error("custom resource definition cannot be served", { name, error });
    }
  }

  #isBuiltin(group: string, version: string): boolean {
    return this.#kernel.definitions.all().some((one) => !one.custom && one.group === group && one.version === version);
  }

  #withdraw(name: string): void {
    const served = this.#served.get(name);
    for (const { group, version, resource } of served?.definitions ?? []) this.#kernel.definitions.remove(group, version, resource);
    this.#served.delete(name);
    served?.retirement.retire();
  }
}

const withoutCreate = (definition: ResourceDefinition): ResourceDefinition => ({
  ...definition,
  verbs: definition.verbs.filter((verb) => verb !== "create"),
});
