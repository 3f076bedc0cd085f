import { type Clock, type Logger, sleep } from "@flotilla/base";
import { type TlsFiles, UnaryChannel, type UnaryDefinition } from "@flotilla/rpc";
import {
  KVService,
  LeaseService,
  type RangeRequest,
  type RangeResponse,
  type TxnRequest,
  type TxnResponse,
  type WatchCreateRequest,
  WatchRequest,
  type WatchResponse,
  WatchService,
} from "@flotilla/rpc/gen/etcd/rpc.ts";
import { type ServiceError, status } from "@grpc/grpc-js";

export interface EtcdConfig {
  /** "https://host:2379"; the first is preferred until it fails. */
  servers: string[];
  tls: TlsFiles;
}

/** The first attempt's time; doubled for each further one. A killed peer answers at once, a hung one only by this. */
const ATTEMPT_MS = 1_000;
const ATTEMPT_MS_MAX = 5_000;
/** As upstream's etcd client: a request gives up after this long without a leader. */
const CALL_MS_MAX = 15_000;
const WARN_PERIOD_MS = 5_000;
const ROUND_PAUSE_MS = 25;
const ROUND_PAUSE_MS_MAX = 250;

/** Codes that another member, or the same one a moment later, may answer well. */
const RETRIABLE = new Set<status>([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.UNKNOWN,
  status.ABORTED,
  status.INTERNAL,
]);

/** The end that stands for "all keys from here on". */
export const EVERYTHING = Buffer.from([0]);
/** Where everything of ours is kept. */
export const REGISTRY = Buffer.from("/registry/");

/** A stream of changes; `address` is the member it comes from. */
export interface StoreWatch {
  readonly address: string;
  cancel(): void;
}

class Endpoint {
  readonly address: string;
  readonly channel: UnaryChannel;

  constructor(address: string, tls: TlsFiles, clock: Clock) {
    this.address = address;
    const url = address.includes("://") ? address : `http://${address}`;
    this.channel = new UnaryChannel(url, url.startsWith("https://") ? tls : {}, clock);
  }
}

/**
 * Calls to the store with failover. Every request made through it must be safe to
 * repeat: reads, and transactions guarded by a comparison (`attempts` tells the
 * caller that an earlier attempt may have been applied).
 */
export class EtcdClient {
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly endpoints: Endpoint[];
  private current = 0;
  private warned_ms = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, log: Logger, config: EtcdConfig) {
    this.clock = clock;
    this.log = log;
    this.endpoints = config.servers.map((address) => new Endpoint(address, config.tls, clock));
  }

  range(request: RangeRequest): Promise<RangeResponse> {
    return this.call(KVService.range, request).then((r) => r.response);
  }

  txn(request: TxnRequest): Promise<{ response: TxnResponse; attempts: number }> {
    return this.call(KVService.txn, request);
  }

  /** Forgets history before `revision`; what is compacted already is no error. */
  async compact(revision: number): Promise<void> {
    try {
      await this.call(KVService.compact, { revision, physical: false });
    } catch (error) {
      if ((error as ServiceError).code !== status.OUT_OF_RANGE) throw error;
    }
  }

  /** The ID of a new lease that ends after `ttl_seconds` unless kept alive. */
  async grantLease(ttl_seconds: number): Promise<string> {
    const { response } = await this.call(LeaseService.leaseGrant, { TTL: ttl_seconds, ID: "0" });
    return response.ID;
  }

  /** The lease's remaining seconds after keeping it alive; 0 when it is gone. Rejects when the member does not answer. */
  keepAlive(id: string): Promise<number> {
    const { channel, address } = this.endpoints[this.current]!;
    return new Promise((resolve, reject) => {
      const done = (result: number | Error) => {
        limit.cancel();
        stream.cancel();
        if (typeof result === "number") return resolve(result);
        this.failOver(address);
        reject(result);
      };
      const limit = this.clock.setTimeout(() => done(new Error(`no answer within ${ATTEMPT_MS} ms`)), ATTEMPT_MS);
      const stream = channel.stream(LeaseService.leaseKeepAlive, ({ TTL }) => done(TTL), done);
      stream.write({ ID: id });
    });
  }

  /** Opens a watch at the member that answers now; `ended` is called once, with the reason, unless it was cancelled. */
  watch(create: Partial<WatchCreateRequest>, data: (response: WatchResponse) => void, ended: (error: Error) => void): StoreWatch {
    const { channel, address } = this.endpoints[this.current]!;
    let open = true;
    const take = (response: WatchResponse) => void (open && data(response));
    const fail = (error: Error) => {
      if (open) ended(error);
      open = false;
    };
    const stream = channel.stream(WatchService.watch, take, fail);
    stream.write(WatchRequest.fromPartial({ requestUnion: { $case: "createRequest", value: create } }));
    return {
      address,
      cancel: () => {
        open = false;
        stream.cancel();
      },
    };
  }

  /** Turns to the next member if `address` is still the preferred one. */
  failOver(address: string): void {
    if (this.endpoints[this.current]!.address === address) this.current = (this.current + 1) % this.endpoints.length;
  }

  close(): void {
    for (const endpoint of this.endpoints) endpoint.channel.close();
  }

  /** One member that fails is news for the curious; all of them are for everybody, but not with every request. */
  private report(attempts: number, endpoint: string, details: string): void {
    if (attempts < this.endpoints.length) this.log.debug("store call failed", { endpoint, details });
    else if (this.clock.monotonic() - this.warned_ms >= WARN_PERIOD_MS) {
      this.warned_ms = this.clock.monotonic();
      this.log.warn("no member of the store answers, trying again", { endpoint, details });
    }
  }

  private async call<Q, R>(method: UnaryDefinition<Q, R>, request: Q): Promise<{ response: R; attempts: number }> {
    const deadline = this.clock.monotonic() + CALL_MS_MAX;
    for (let attempts = 1; ; attempts++) {
      const endpoint = this.endpoints[this.current]!;
      const round = Math.floor((attempts - 1) / this.endpoints.length);
      try {
        const timeout_ms = Math.min(ATTEMPT_MS * 2 ** round, ATTEMPT_MS_MAX);
        const response = await endpoint.channel.call(method, request, timeout_ms);
        return { response, attempts };
      } catch (error) {
        const { code, details } = error as ServiceError;
        if (!RETRIABLE.has(code) || this.clock.monotonic() >= deadline) throw error;
        this.failOver(endpoint.address);
        this.report(attempts, endpoint.address, details);
        if (attempts % this.endpoints.length === 0) await sleep(this.clock, Math.min(ROUND_PAUSE_MS * 2 ** round, ROUND_PAUSE_MS_MAX));
      }
    }
  }
}
