import type { SecureClientSessionOptions } from "node:http2";
import type { Clock, Logger } from "@flotilla/base";
import type { Message, NodeId } from "@flotilla/raft";
import type { Member } from "../node/members.ts";
import { Link, PEER_HEADERS } from "./link.ts";
import type { Traffic } from "./traffic.ts";
import type { PeersEvents, PeerTransport } from "./transport.ts";

export interface PeersOptions {
  readonly self: NodeId;
  /** Where this member can be reached. */
  readonly urls: readonly string[];
  readonly clusterId: string;
  readonly dataId: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tls: () => SecureClientSessionOptions | undefined;
}

/** The links to all other members, kept in step with the membership. */
export class Peers implements PeerTransport {
  private readonly links = new Map<NodeId, { link: Link; urls: string }>();
  private readonly options: PeersOptions;
  events: PeersEvents = { up() {}, down() {}, expelled() {} };

  constructor(options: PeersOptions) {
    this.options = options;
  }

  sync(members: Iterable<Member>): void {
    const wanted = new Map<NodeId, Member>();
    for (const m of members) if (m.id !== this.options.self) wanted.set(m.id, m);
    for (const [id, { link, urls }] of this.links) {
      if (wanted.get(id)?.peerURLs.join() === urls) continue;
      link.close();
      this.links.delete(id);
    }
    for (const [id, m] of wanted) {
      if (this.links.has(id) || m.peerURLs.length === 0) continue;
      const { self, urls, clusterId, dataId = "", clock, log, tls } = this.options;
      const headers = {
        [PEER_HEADERS.cluster]: clusterId,
        [PEER_HEADERS.member]: String(self),
        [PEER_HEADERS.urls]: urls.join(),
        [PEER_HEADERS.data]: dataId,
      };
      const events = {
        up: () => this.events.up(id),
        down: (refused: boolean) => this.events.down(id, refused),
        expelled: () => this.events.expelled(),
      };
      const link = new Link(m.peerURLs, { clock, log: log.with({ peer: m.name || id }), tls, headers, events });
      this.links.set(id, { link, urls: m.peerURLs.join() });
    }
  }

  /** A member has connected to this one. */
  heardFrom(id: NodeId): void {
    this.links.get(id)?.link.nudge();
  }

  /** What went to whom. */
  traffic(): [NodeId, Traffic][] {
    return [...this.links].map(([id, { link }]) => [id, link.traffic]);
  }

  isUp(id: NodeId): boolean {
    return this.links.get(id)?.link.isUp ?? false;
  }

  session(id: NodeId) {
    return this.links.get(id)?.link.session;
  }

  send(messages: readonly Message[]): NodeId[] {
    const byMember = new Map<NodeId, Message[]>();
    for (const m of messages) {
      const list = byMember.get(m.to);
      if (list) list.push(m);
      else byMember.set(m.to, [m]);
    }
    const unreachable: NodeId[] = [];
    for (const [id, list] of byMember) if (!this.links.get(id)?.link.send(list)) unreachable.push(id);
    return unreachable;
  }

  close(): void {
    for (const { link } of this.links.values()) link.close();
    this.links.clear();
  }
}
