import { isNotFound, type KubeObject } from "@flotilla/api";
import { rfc3339, type Timer } from "@flotilla/base";
import type { Kernel } from "../registry/kernel.ts";
import { modifyStored } from "../registry/modify-stored.ts";
import { ensureFlowControl, FLOW_GROUP } from "./bootstrap.ts";
import { danglingOf, withCondition } from "./dangling.ts";
import type { FlowSchema } from "./objects.ts";

const SCHEMAS = "flowschemas";
const LEVELS = "prioritylevelconfigurations";
/** Several changes that come together are one. */
const SETTLE_MS = 100;
/** As upstream: what every cluster has comes back after this when somebody deletes it. */
const ENSURE_MS = 60_000;

/**
 * Keeps each FlowSchema's Dangling condition true to the priority levels there are, and what every cluster begins with
 * in being. Every replica does it; what one has written, the others find done.
 */
export class FlowControl {
  readonly #kernel: Kernel;
  #unsubscribe: (() => void)[] = [];
  #settling: Timer | undefined;
  #ensuring: Timer | undefined;
  #stopped = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** After the store has been read. */
  start(): void {
    const { store, clock } = this.#kernel;
    for (const resource of [SCHEMAS, LEVELS])
      this.#unsubscribe.push(store.cache(resource).subscribe(store.revision, () => this.#changed()));
    // What could not be written is tried again then, too.
    this.#ensuring = clock.setInterval(() => {
      void this.#run("flow control objects not written", ensureFlowControl(this.#kernel));
      this.#changed();
    }, ENSURE_MS);
    this.#changed();
  }

  stop(): void {
    this.#stopped = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#settling?.cancel();
    this.#ensuring?.cancel();
  }

  #changed(): void {
    this.#settling ??= this.#kernel.clock.setTimeout(() => {
      this.#settling = undefined;
      void this.#run("flow schema's status not written", this.#sync());
    }, SETTLE_MS);
  }

  async #sync(): Promise<void> {
    const { store, clock, definitions } = this.#kernel;
    const definition = definitions.find(FLOW_GROUP, "v1", SCHEMAS)!;
    const now = rfc3339(clock.now());
    for (const { object, name } of [...store.cache(SCHEMAS).scan(`/registry/${SCHEMAS}/`)]) {
      if (this.#stopped) return;
      if (!this.#next(object, now)) continue;
      await modifyStored(this.#kernel, definition, "", name, (current) => this.#next(current, now)).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
    }
  }

  /** undefined: its condition is as it should be. */
  #next(current: KubeObject, now: string): KubeObject | undefined {
    const schema = current as unknown as FlowSchema;
    const level = schema.spec.priorityLevelConfiguration.name;
    const exists = this.#kernel.store.cache(LEVELS).get(`/registry/${LEVELS}/${level}`) !== undefined;
    const conditions = withCondition(schema.status?.conditions ?? [], danglingOf(level, exists), now);
    return conditions && { ...current, status: { ...schema.status, conditions } };
  }

  async #run(what: string, work: Promise<void>): Promise<void> {
    await work.catch((error: Error) => {
      if (!this.#stopped) this.#kernel.log.warn(what, { error: error.message });
    });
  }
}
