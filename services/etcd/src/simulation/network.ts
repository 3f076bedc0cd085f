import type { Message, NodeId } from "@flotilla/raft";
import { startCall } from "../grpc/client.ts";
import type { Router } from "../grpc/server.ts";
import { isExpulsion } from "../node/errors.ts";
import type { Member } from "../node/members.ts";
import { readBatch, writeBatch } from "../peer/codec.ts";
import { PEER_HEADERS, PEER_PATH } from "../peer/link.ts";
import type { PeersEvents, PeerTransport } from "../peer/transport.ts";
import { Writer } from "../wire/writer.ts";
import { SimSession, type Wire } from "./http2.ts";
import type { World } from "./world.ts";

export interface NetworkFaults {
  /** Shares of messages, 0 to 1. */
  readonly loss: number;
  readonly duplication: number;
  readonly delay_ms: readonly [number, number];
}

export const QUIET: NetworkFaults = { loss: 0, duplication: 0, delay_ms: [0.1, 0.5] };

/** A running process as the network sees it. */
export interface Host {
  /** Where it listens. */
  readonly url: string;
  readonly peers: Router;
  readonly clients: Router;
  /** Messages of the Raft group. False when the sender is not in it any more. */
  receive(from: NodeId, messages: readonly Message[]): boolean;
}

/** A connection whose other side vanished without a word is given up after this long (peer/link.ts). */
const SILENT_MS = 5000;
const RECONNECT_MS = [15, 250] as const;
const HANG_UP_MS = [0.2, 2] as const;

/**
 * The network between machines: loses, repeats, delays, reorders, and can be
 * cut in one direction or both. Processes that end are noticed by those that are
 * connected to them; machines that vanish are not.
 */
export class SimNetwork {
  faults: NetworkFaults = QUIET;
  readonly world: World;
  private readonly hosts = new Map<string, Host>();
  private readonly cuts = new Set<string>();
  private readonly transports = new Set<SimTransport>();
  /** Clients' connections, by where they lead. */
  private readonly sessions = new Map<string, SimSession[]>();

  constructor(world: World) {
    this.world = world;
  }

  host(url: string): Host | undefined {
    return this.hosts.get(url);
  }

  listen(host: Host): void {
    this.hosts.set(host.url, host);
    for (const t of this.transports) t.appeared(host.url);
  }

  /** The process is gone; `silently` when its machine is: then nobody is told. */
  gone(url: string, silently: boolean): void {
    this.hosts.delete(url);
    const sessions = this.sessions.get(url) ?? [];
    this.sessions.delete(url);
    this.world.after(silently ? SILENT_MS : HANG_UP_MS[0], () => {
      for (const session of sessions) session.destroy();
    });
    for (const t of this.transports) t.vanished(url, silently);
  }

  /** A connection for calls; undefined when nobody listens there. */
  connect(from: string, url: string, what: "clients" | "peers" = "clients"): SimSession | undefined {
    if (!this.hosts.has(url)) return undefined;
    const session: SimSession = new SimSession(
      this.wire(from, url, () => session.destroy()),
      () => this.hosts.get(url)?.[what],
    );
    const open = this.sessions.get(url);
    if (open) open.push(session);
    else this.sessions.set(url, [session]);
    return session;
  }

  attach(transport: SimTransport): void {
    this.transports.add(transport);
  }

  detach(transport: SimTransport): void {
    this.transports.delete(transport);
  }

  /** Nothing gets from `from` to `to` any more; the other direction is another cut. */
  cut(from: string, to: string): void {
    this.cuts.add(`${from}>${to}`);
    // Both ends notice the silence in time.
    this.world.after(SILENT_MS, () => {
      if (!this.isCut(from, to)) return;
      for (const t of this.transports) t.silent(from, to);
    });
  }

  heal(): void {
    this.cuts.clear();
    for (const t of this.transports) t.healed();
  }

  isCut(from: string, to: string): boolean {
    return this.cuts.has(`${from}>${to}`);
  }

  delay_ms(): number {
    return this.world.between(...this.faults.delay_ms);
  }

  /** A message that may get lost on its way, come twice, or be overtaken. */
  datagram(from: string, to: string, deliver: () => void): void {
    if (this.isCut(from, to) || this.world.chance(this.faults.loss)) return;
    const copies = this.world.chance(this.faults.duplication) ? 2 : 1;
    for (let i = 0; i < copies; i++) this.world.after(this.delay_ms(), () => this.isCut(from, to) || deliver());
  }

  /**
   * Two ways like TCP's, in order. What meets a cut is repeated in vain, and so is
   * all behind it: after a while `onBroken` is called, once.
   */
  wire(from: string, to: string, onBroken: () => void): Wire {
    let broken = false;
    const way = (a: string, b: string) => {
      let free_us = 0;
      let stuck = false;
      return (deliver: () => void) => {
        free_us = Math.max(free_us, this.world.now_us + this.delay_ms() * 1000);
        this.world.after((free_us - this.world.now_us) / 1000, () => {
          if (broken || stuck) return;
          if (!this.isCut(a, b)) return deliver();
          stuck = true;
          this.world.after(SILENT_MS, () => {
            if (!broken) onBroken();
            broken = true;
          });
        });
      };
    };
    return { forth: way(from, to), back: way(to, from) };
  }
}

interface SimLink {
  readonly url: string;
  state: "connecting" | "up" | "closed";
  session: SimSession | undefined;
}

/** One member's links to the others: what `Peers` is over real sockets. */
export class SimTransport implements PeerTransport {
  events: PeersEvents = { up() {}, down() {}, expelled() {} };
  private readonly network: SimNetwork;
  private readonly self: NodeId;
  private readonly url: string;
  private readonly links = new Map<NodeId, SimLink>();
  private readonly headers: Record<string, string>;

  constructor(network: SimNetwork, self: NodeId, clusterId: string, url: string) {
    this.network = network;
    this.self = self;
    this.url = url;
    this.headers = { [PEER_HEADERS.cluster]: clusterId, [PEER_HEADERS.member]: String(self), [PEER_HEADERS.urls]: url };
    network.attach(this);
  }

  sync(members: Iterable<Member>): void {
    const wanted = new Map<NodeId, string>();
    for (const m of members) if (m.id !== this.self) wanted.set(m.id, m.peerURLs[0]!);
    for (const [id, link] of this.links) {
      if (wanted.get(id) === link.url) continue;
      this.hangUp(link);
      this.links.delete(id);
    }
    for (const [id, url] of wanted) {
      if (this.links.has(id)) continue;
      const link: SimLink = { url, state: "connecting", session: undefined };
      this.links.set(id, link);
      this.connect(id, link);
    }
  }

  isUp(id: NodeId): boolean {
    return this.links.get(id)?.state === "up";
  }

  session(id: NodeId) {
    return this.links.get(id)?.session?.asSession;
  }

  send(messages: readonly Message[]): NodeId[] {
    const unreachable = new Set<NodeId>();
    for (const m of messages) {
      const link = this.links.get(m.to);
      if (link?.state !== "up") {
        unreachable.add(m.to);
        continue;
      }
      const w = new Writer();
      writeBatch(w, [m]);
      const bytes = Buffer.from(w.finish());
      const { session } = link;
      this.network.datagram(this.url, link.url, () => {
        const taken = this.network.host(link.url)?.receive(this.self, readBatch(bytes)) ?? true;
        // The Exchange call is ended with that word, as it is over real sockets.
        if (!taken && link.session === session) this.network.datagram(link.url, this.url, () => this.events.expelled());
      });
    }
    return [...unreachable];
  }

  heardFrom(): void {}

  close(): void {
    for (const link of this.links.values()) this.hangUp(link);
    this.links.clear();
    this.network.detach(this);
  }

  appeared(url: string): void {
    this.each(url, (id, link) => this.connect(id, link));
  }

  vanished(url: string, silently: boolean): void {
    this.each(url, (id, link) => {
      // An ended process refuses the connection that is tried next: it is known to be gone.
      const cut = this.network.isCut(url, this.url) || this.network.isCut(this.url, url);
      const delay_ms = silently || cut ? SILENT_MS : this.network.world.between(...HANG_UP_MS);
      const { session } = link;
      this.network.world.after(delay_ms, () => {
        this.broken(id, link, session);
        if (!silently && !cut && !this.network.host(url) && link.state === "connecting") this.events.down(id, true);
      });
    });
  }

  silent(from: string, to: string): void {
    const other = this.url === from ? to : this.url === to ? from : undefined;
    if (other !== undefined) this.each(other, (id, link) => this.broken(id, link, link.session));
  }

  healed(): void {
    for (const [id, link] of this.links) this.connect(id, link);
  }

  private connect(id: NodeId, link: SimLink): void {
    const { world } = this.network;
    world.after(world.between(...RECONNECT_MS), () => {
      const reachable = !this.network.isCut(this.url, link.url) && !this.network.isCut(link.url, this.url);
      const host = this.network.host(link.url);
      if (link.state !== "connecting" || !host || !reachable) return;
      link.state = "up";
      const wire = this.network.wire(this.url, link.url, () => this.broken(id, link, session));
      const session = new SimSession(wire, () => this.network.host(link.url)?.peers);
      link.session = session;
      // The real handshake; the messages themselves go their own way, in disorder.
      startCall(
        session.asSession,
        `${PEER_PATH}/Exchange`,
        this.headers,
        () => {},
        (error) => {
          if (error && isExpulsion(error)) this.events.expelled();
          this.broken(id, link, session);
        },
      );
      this.events.up(id);
    });
  }

  private broken(id: NodeId, link: SimLink, session: SimSession | undefined): void {
    if (link.state !== "up" || link.session !== session) return;
    link.state = "connecting";
    link.session = undefined;
    session?.destroy();
    this.events.down(id, false);
    this.connect(id, link);
  }

  private hangUp(link: SimLink): void {
    link.state = "closed";
    link.session?.destroy();
  }

  private each(url: string, run: (id: NodeId, link: SimLink) => void): void {
    for (const [id, link] of this.links) if (link.url === url) run(id, link);
  }
}
