import type { NodeId } from "@flotilla/raft";
import type { Member } from "../node/members.ts";
import type { PeerTransport } from "./transport.ts";

/**
 * Answers those whom the own log does not name yet. A member that is behind may
 * get its entries from a leader that joined after the last entry it has: it must
 * be able to answer, or it never gets any further. Who connects says where it
 * can be reached; once the membership names it, the membership alone decides.
 */
export function withStrangers(inner: PeerTransport, self: NodeId): PeerTransport {
  const strangers = new Map<NodeId, Member>();
  let members: readonly Member[] = [];
  return {
    get events() {
      return inner.events;
    },
    set events(events) {
      inner.events = events;
    },
    sync(now) {
      members = [...now];
      for (const m of members) strangers.delete(m.id);
      inner.sync([...members, ...strangers.values()]);
    },
    isUp: (id) => inner.isUp(id),
    session: (id) => inner.session(id),
    send: (messages) => inner.send(messages),
    heardFrom(id, peerURLs) {
      inner.heardFrom(id, peerURLs);
      if (id === self || peerURLs.length === 0 || members.some((m) => m.id === id)) return;
      strangers.set(id, { id, name: "", peerURLs, clientURLs: [], isLearner: false });
      inner.sync([...members, ...strangers.values()]);
    },
    close: () => inner.close(),
  };
}
