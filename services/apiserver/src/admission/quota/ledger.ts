import { chargeQuota, type KubeObject, type ResourceList, type ResourceQuota, refundQuota } from "@flotilla/api";
import { type Entry, encodeForStorage } from "../../storage/entry.ts";
import type { Store } from "../../storage/store.ts";

/** Lost races against other servers and the controller before the client hears of them. */
const RACES_MAX = 50;

/** undefined: charged (or the quota is gone). Otherwise why not. */
export type Refusal = string | undefined;

interface Posting {
  delta: ResourceList;
  refund: boolean;
  settle(refusal: Refusal): void;
  fail(error: unknown): void;
}

/**
 * QuotaLedger owns the writing of status.used by admission. Usage is reserved before the object is written, by
 * compare-and-swap on the quota itself, so that no number of servers together can admit more than its hard limit.
 * 1. One write per quota is under way from here at a time; what arrives meanwhile goes into the next one together.
 * 2. A refusal rests on the quota as the store has it, never on the cache alone.
 */
export class QuotaLedger {
  private readonly store: Pick<Store, "cache" | "read" | "swap">;
  private readonly waiting = new Map<string, Posting[]>();

  constructor(store: Pick<Store, "cache" | "read" | "swap">) {
    this.store = store;
  }

  charge(key: string, delta: ResourceList): Promise<Refusal> {
    return this.post(key, delta, false);
  }

  async refund(key: string, delta: ResourceList): Promise<void> {
    await this.post(key, delta, true);
  }

  private post(key: string, delta: ResourceList, refund: boolean): Promise<Refusal> {
    return new Promise((settle, fail) => {
      const posting = { delta, refund, settle, fail };
      const queue = this.waiting.get(key);
      if (queue) return void queue.push(posting);
      this.waiting.set(key, [posting]);
      void this.run(key);
    });
  }

  private async run(key: string): Promise<void> {
    const queue = this.waiting.get(key)!;
    // Let the requests of this turn of the event loop gather.
    await undefined;
    while (queue.length > 0) {
      const batch = queue.splice(0);
      try {
        await this.write(key, batch);
      } catch (error) {
        for (const posting of batch) posting.fail(error);
      }
    }
    this.waiting.delete(key);
  }

  private async write(key: string, batch: Posting[]): Promise<void> {
    let entry = this.store.cache("resourcequotas").get(key);
    let current = false;
    for (let race = 0; race < RACES_MAX; race++) {
      if (!entry) return settleAll(batch, []);
      const { object, refusals, changed } = apply(entry, batch);
      if (!changed) {
        if (current || refusals.every((refusal) => refusal === undefined)) return settleAll(batch, refusals);
        entry = await this.store.read(key);
      } else {
        const result = await this.store.swap(key, entry.revision, encodeForStorage(object), entry.lease);
        if (result.ok) return settleAll(batch, refusals);
        entry = result.current;
      }
      current = true;
    }
    throw new Error(`quota ${key} changes too often`);
  }
}

function settleAll(batch: Posting[], refusals: Refusal[]): void {
  for (const [i, posting] of batch.entries()) posting.settle(refusals[i]);
}

/** The quota after all postings that fit, in their order. Pure. */
function apply(entry: Entry, batch: Posting[]): { object: KubeObject; refusals: Refusal[]; changed: boolean } {
  const quota = entry.object as unknown as ResourceQuota;
  const hard = quota.status?.hard ?? {};
  let used = quota.status?.used ?? {};
  let changed = false;
  const refusals = batch.map(({ delta, refund }): Refusal => {
    const result = refund ? { ok: true as const, used: refundQuota(used, delta) } : chargeQuota(quota.metadata.name!, hard, used, delta);
    if (!result.ok) return result.message;
    changed = true;
    used = result.used;
    return undefined;
  });
  return { object: { ...entry.object, status: { ...quota.status, used } } as KubeObject, refusals, changed };
}
