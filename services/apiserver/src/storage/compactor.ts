import type { Clock, Logger, Timer } from "@flotilla/base";
import { Compare_CompareResult, Compare_CompareTarget, PutRequest, RangeRequest, TxnRequest } from "@flotilla/rpc/gen/etcd/rpc.ts";
import type { EtcdClient } from "./etcd-client.ts";

const KEY = Buffer.from("compact_rev_key");

/**
 * Forgets the store's history that is older than one interval. The replicas agree
 * through one key: its version counts the rounds, and who advances it compacts to
 * what was current a round ago (upstream's storage/etcd3 compactor).
 */
export class Compactor {
  private readonly client: Pick<EtcdClient, "txn" | "compact">;
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly interval_ms: number;
  private timer: Timer | undefined;
  private round = 0;
  private revision = 0;

  constructor(client: Pick<EtcdClient, "txn" | "compact">, clock: Clock, log: Logger, interval_ms: number) {
    this.client = client;
    this.clock = clock;
    this.log = log;
    this.interval_ms = interval_ms;
  }

  start(): void {
    if (this.interval_ms > 0) this.timer = this.clock.setInterval(() => void this.run(), this.interval_ms);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private async run(): Promise<void> {
    try {
      await this.compact();
    } catch (error) {
      this.log.warn("could not compact the store", { error: (error as Error).message });
    }
  }

  private async compact(): Promise<void> {
    const { response } = await this.client.txn(
      TxnRequest.fromPartial({
        compare: [
          {
            result: Compare_CompareResult.EQUAL,
            target: Compare_CompareTarget.VERSION,
            key: KEY,
            targetUnion: { $case: "version", value: this.round },
          },
        ],
        success: [
          { request: { $case: "requestPut", value: PutRequest.fromPartial({ key: KEY, value: Buffer.from(String(this.revision)) }) } },
        ],
        failure: [{ request: { $case: "requestRange", value: RangeRequest.fromPartial({ key: KEY }) } }],
      }),
    );
    const before = this.revision;
    this.revision = response.header!.revision;
    if (!response.succeeded) {
      const [first] = response.responses;
      const kv = first?.response?.$case === "responseRange" ? first.response.value.kvs[0] : undefined;
      this.round = kv?.version ?? 0;
      return;
    }
    this.round++;
    if (before === 0) return;
    await this.client.compact(before);
    this.log.debug("compacted the store", { revision: before });
  }
}
