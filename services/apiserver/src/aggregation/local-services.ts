import { type APIService, type CustomResourceDefinition, formatTime, type KubeObject, type ResourceDefinition } from "@flotilla/api";
import type { Timer } from "@flotilla/base";
import { ensure } from "../bootstrap/namespaces.ts";
import { isEstablished } from "../extensions/status.ts";
import type { Kernel } from "../registry/kernel.ts";
import { builtinPriority, CUSTOM_PRIORITY, OWN_GROUP } from "./priorities.ts";

const PREFIX = "/registry/apiservices/";
const MANAGED_LABEL = "kube-aggregator.kubernetes.io/automanaged";
/** Several definitions that come together are one change. */
const SETTLE_MS = 100;

/** Keeps an APIService for each group and version that this server serves itself (kube-aggregator's autoregister). */
export class LocalServices {
  readonly #kernel: Kernel;
  #unsubscribe = () => {};
  #timer: Timer | undefined;
  #stopped = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  start(): void {
    const { store } = this.#kernel;
    void this.#run(() => this.#ensureBuiltin()).then(() => this.#run(() => this.#syncCustom()));
    this.#unsubscribe = store.cache("customresourcedefinitions").subscribe(store.revision, () => {
      this.#timer ??= this.#kernel.clock.setTimeout(() => {
        this.#timer = undefined;
        void this.#run(() => this.#syncCustom());
      }, SETTLE_MS);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#unsubscribe();
  }

  async #run(work: () => Promise<void>): Promise<void> {
    await work().catch((error) => {
      if (!this.#stopped) this.#kernel.log.warn("local API services not written", { error });
    });
  }

  get #definition(): ResourceDefinition {
    return this.#kernel.definitions.find(OWN_GROUP, "v1", "apiservices")!;
  }

  async #ensureBuiltin(): Promise<void> {
    const builtin = this.#kernel.definitions.all().filter(({ custom, group }) => !custom && group !== OWN_GROUP);
    const versions = new Map(builtin.map(({ group, version }) => [`${version}.${group}`, { group, version }]));
    for (const { group, version } of versions.values()) {
      await this.#ensure(group, version, builtinPriority(group, version), "onstart");
    }
  }

  async #syncCustom(): Promise<void> {
    const { store } = this.#kernel;
    const wanted = new Map<string, { group: string; version: string }>();
    for (const { object } of store.cache("customresourcedefinitions").scan("/registry/customresourcedefinitions/")) {
      const crd = object as unknown as CustomResourceDefinition;
      if (!isEstablished(crd)) continue;
      const { group } = crd.spec;
      for (const { name, served } of crd.spec.versions) if (served) wanted.set(`${name}.${group}`, { group, version: name });
    }
    for (const { group, version } of wanted.values()) await this.#ensure(group, version, CUSTOM_PRIORITY, "true");
    for (const { object, key, revision } of [...store.cache("apiservices").scan(PREFIX)]) {
      const { metadata, spec } = object as unknown as APIService;
      if (metadata.labels?.[MANAGED_LABEL] === "true" && !spec?.service && !wanted.has(metadata.name!)) await store.remove(key, revision);
    }
  }

  async #ensure(group: string, version: string, priority: { group: number; version: number }, managed: string): Promise<void> {
    if (this.#stopped) return;
    const condition = {
      lastTransitionTime: formatTime(this.#kernel.clock.now()),
      message: "Local APIServices are always available",
      reason: "Local",
      status: "True",
      type: "Available",
    };
    const object: KubeObject = {
      kind: "APIService",
      apiVersion: `${OWN_GROUP}/v1`,
      metadata: { name: `${version}.${group}`, labels: { [MANAGED_LABEL]: managed } },
      spec: { ...(group === "" ? {} : { group }), version, groupPriorityMinimum: priority.group, versionPriority: priority.version },
      status: { conditions: [condition] },
    };
    await ensure(this.#kernel, this.#definition, "", object);
  }
}
