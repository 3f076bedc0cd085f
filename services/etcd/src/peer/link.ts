import type { SecureClientSessionOptions } from "node:http2";
import type { Clock, Logger, Timer } from "@flotilla/base";
import type { Message } from "@flotilla/raft";
import { type Connection, dial, type OutgoingStream, startCall } from "../grpc/client.ts";
import { FRAME_HEADER_BYTES, sealFrame } from "../grpc/frames.ts";
import { isExpulsion } from "../node/errors.ts";
import { Writer } from "../wire/writer.ts";
import { sizeOf, writeBatch } from "./codec.ts";
import { SendMemory } from "./send-memory.ts";
import { Traffic } from "./traffic.ts";

/** More than this waiting for one peer: it is too slow, drop and let Raft probe. */
const QUEUED_BYTES_MAX = 64 << 20;
const RETRY_MS_FIRST = 15;
const RETRY_MS_MAX = 250;
/** A connection that lasted less was never a good one: its end is no news, and the next try waits. */
const STEADY_MS = 200;
/**
 * A peer whose machine vanished closes nothing, and TCP itself would try for
 * minutes, ever more rarely: a connection that gives no sign of life is given up.
 */
const PROBE_EVERY_MS = 500;
const SILENT_MS_MAX = 5000;
const CONNECT_MS_MAX = 1000;
/** When the peer has just connected to us, what has been silent or pending for this long is not worth waiting for. */
const STALE_MS = 1500;
const PENDING_MS = 50;

/** What a member says of itself with each Exchange: its cluster, its id, where it can be reached, which data directory it has. */
export const PEER_HEADERS = {
  cluster: "flotilla-cluster-id",
  member: "flotilla-member-id",
  urls: "flotilla-peer-urls",
  data: "flotilla-data-id",
} as const;
export const PEER_PATH = "/flotilla.raft.v1.Peer";

export interface LinkEvents {
  up(): void;
  /** The connection ended or could not be made; `refused` when nobody listens there: the process is gone. */
  down(refused: boolean): void;
  /** The peer says that this member was removed from the cluster. */
  expelled(): void;
}

type State =
  | { kind: "connecting"; connection: Connection; since_ms: number }
  | { kind: "up"; connection: Connection; stream: OutgoingStream; since_ms: number; heard_ms: number }
  | { kind: "waiting"; timer: Timer }
  | { kind: "closed" };

/**
 * The way to one other member: keeps a connection with one Exchange stream,
 * reconnects for ever. Messages that cannot go out now are dropped: Raft
 * repeats what matters.
 */
export class Link {
  private state: State;
  private retry_ms = RETRY_MS_FIRST;
  private readonly urls: readonly string[];
  private next = 0;
  private readonly options: LinkOptions;
  private readonly probe: Timer;
  private readonly memory = new SendMemory();
  readonly traffic = new Traffic();

  constructor(urls: readonly string[], options: LinkOptions) {
    this.urls = urls;
    this.options = options;
    this.state = { kind: "closed" };
    this.connect();
    this.probe = options.clock.setInterval(() => this.look(), PROBE_EVERY_MS);
  }

  get isUp(): boolean {
    return this.state.kind === "up";
  }

  /** Other calls to the same member share the connection. */
  get session() {
    return this.state.kind === "up" ? this.state.connection.session : undefined;
  }

  /** Returns false when the messages were dropped. */
  send(messages: readonly Message[]): boolean {
    if (this.state.kind !== "up" || !this.state.stream.writable || this.state.stream.queued_bytes > QUEUED_BYTES_MAX) {
      this.traffic.failures++;
      return false;
    }
    const memory = this.memory.take(sizeOf(messages) + FRAME_HEADER_BYTES);
    const w = new Writer(0, FRAME_HEADER_BYTES, memory);
    writeBatch(w, messages);
    const framed = sealFrame(w.finish());
    this.traffic.sent_bytes += framed.length;
    this.state.stream.sendFramed(framed, () => this.memory.giveBack(memory));
    return true;
  }

  close(): void {
    this.probe.cancel();
    const { state } = this;
    this.state = { kind: "closed" };
    if (state.kind === "waiting") state.timer.cancel();
    else if (state.kind !== "closed") state.connection.close();
  }

  /** The peer has just reached us, so it can be reached: no need to wait. */
  nudge(): void {
    const { state } = this;
    const now_ms = this.options.clock.monotonic();
    if (state.kind === "waiting") {
      state.timer.cancel();
      this.connect();
    } else if (state.kind === "connecting" && now_ms - state.since_ms > PENDING_MS) {
      this.retry_ms = 1;
      state.connection.close();
    } else if (state.kind === "up" && now_ms - state.heard_ms > STALE_MS) state.connection.close();
  }

  private look(): void {
    const { state } = this;
    const now_ms = this.options.clock.monotonic();
    if (state.kind === "connecting" && now_ms - state.since_ms > CONNECT_MS_MAX) state.connection.close();
    if (state.kind !== "up") return;
    if (now_ms - state.heard_ms > SILENT_MS_MAX) return state.connection.close();
    const { session } = state.connection;
    if (session.closed || session.destroyed) return;
    session.ping((error, took_ms) => {
      if (error) return;
      state.heard_ms = this.options.clock.monotonic();
      this.traffic.roundTrip.observe(took_ms / 1000);
    });
  }

  private connect(): void {
    const url = this.urls[this.next++ % this.urls.length]!;
    const connection = dial(
      url,
      this.options.tls(),
      () => this.opened(connection),
      (error) => this.ended(connection, error),
    );
    this.state = { kind: "connecting", connection, since_ms: this.options.clock.monotonic() };
  }

  private opened(connection: Connection): void {
    if (this.state.kind !== "connecting" || this.state.connection !== connection) return connection.close();
    const stream = startCall(
      connection.session,
      `${PEER_PATH}/Exchange`,
      this.options.headers,
      () => {},
      (error) => {
        if (error) this.options.log.debug("peer stream ended", { error: error.message });
        if (error && isExpulsion(error)) {
          this.options.log.error("peer refuses this member for good", { error });
          this.options.events.expelled();
        }
        connection.close();
      },
    );
    const now_ms = this.options.clock.monotonic();
    this.state = { kind: "up", connection, stream, since_ms: now_ms, heard_ms: now_ms };
    this.options.events.up();
  }

  private ended(connection: Connection, error: Error | undefined): void {
    const { state } = this;
    if ((state.kind !== "connecting" && state.kind !== "up") || state.connection !== connection) return;
    const refused = state.kind === "connecting" && (error as NodeJS.ErrnoException | undefined)?.code === "ECONNREFUSED";
    this.options.events.down(refused);
    // A connection that was up is tried again at once: the answer tells whether the process is gone.
    if (state.kind === "up" && this.options.clock.monotonic() - state.since_ms > STEADY_MS) {
      this.retry_ms = RETRY_MS_FIRST;
      return this.connect();
    }
    const timer = this.options.clock.setTimeout(() => this.connect(), this.retry_ms);
    this.state = { kind: "waiting", timer };
    this.retry_ms = Math.min(this.retry_ms * 2, RETRY_MS_MAX);
  }
}

export interface LinkOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Asked for each connection: certificates change. */
  readonly tls: () => SecureClientSessionOptions | undefined;
  readonly headers: Record<string, string>;
  readonly events: LinkEvents;
}
