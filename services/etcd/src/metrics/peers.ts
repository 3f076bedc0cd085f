import type { NodeId } from "@flotilla/raft";
import type { Traffic } from "../peer/traffic.ts";
import { counter, histograms, type Sample } from "./text.ts";

/** What goes between members, by member. */
export function peerMetrics(traffic: readonly (readonly [NodeId, Traffic])[], received: ReadonlyMap<NodeId, number>): string[] {
  const to = (id: NodeId) => ({ To: id.toString(16) });
  const sent = traffic.map(([id, t]): Sample => [to(id), t.sent_bytes]);
  const failures = traffic.map(([id, t]): Sample => [to(id), t.failures]);
  const got = [...received].map(([id, bytes]): Sample => [{ From: id.toString(16) }, bytes]);
  return [
    counter("etcd_network_peer_sent_bytes_total", "The total number of bytes sent to peers.", sent),
    counter("etcd_network_peer_received_bytes_total", "The total number of bytes received from peers.", got),
    counter("etcd_network_peer_sent_failures_total", "The total number of send failures from peers.", failures),
    histograms(
      "etcd_network_peer_round_trip_time_seconds",
      "Round-Trip-Time histogram between peers",
      traffic.map(([id, t]) => [to(id), t.roundTrip]),
    ),
  ];
}
