import type { ClientHttp2Session } from "node:http2";
import type { Message, NodeId } from "@flotilla/raft";
import type { Member } from "../node/members.ts";

export interface PeersEvents {
  up(id: NodeId): void;
  /** The connection ended or could not be made; `refused` when nobody listens there: the process is gone. */
  down(id: NodeId, refused: boolean): void;
  /** Another member says that this one was removed: it missed to hear of it. */
  expelled(): void;
}

/**
 * The way to the other members as a port. `Peers` is the real one, over HTTP/2;
 * `faults/network.ts` wraps any; a simulation brings its own.
 */
export interface PeerTransport {
  events: PeersEvents;
  /** Keeps a link to each of these, and to nobody else. */
  sync(members: Iterable<Member>): void;
  isUp(id: NodeId): boolean;
  /** The connection, for calls other than messages (snapshots, leases); undefined when there is none. */
  session(id: NodeId): ClientHttp2Session | undefined;
  /** Sends each member its part, or drops it. Returns who could not be reached. */
  send(messages: readonly Message[]): NodeId[];
  /** A member has connected to this one; it can be reached at `peerURLs`. */
  heardFrom(id: NodeId, peerURLs: readonly string[]): void;
  close(): void;
}
