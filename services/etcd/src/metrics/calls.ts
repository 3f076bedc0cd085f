import { CODE_NAMES } from "@flotilla/rpc/code-names.ts";
import type { CallStats } from "../grpc/stats.ts";
import { counter, type Sample } from "./text.ts";

/** What go-grpc-prometheus counts of a server's calls, by method. */
export function callMetrics(methods: ReadonlyMap<string, CallStats>): string[] {
  const started: Sample[] = [];
  const received: Sample[] = [];
  const sent: Sample[] = [];
  const handled: Sample[] = [];
  let receivedBytes = 0;
  let sentBytes = 0;
  for (const [path, stats] of methods) {
    const [, service = "", method = ""] = path.split("/");
    const labels = { grpc_method: method, grpc_service: service, grpc_type: stats.type };
    started.push([labels, stats.started]);
    received.push([labels, stats.received]);
    sent.push([labels, stats.sent]);
    receivedBytes += stats.received_bytes;
    sentBytes += stats.sent_bytes;
    // As etcd does: every code is there from the start, at zero.
    for (const [code, name] of CODE_NAMES.entries()) handled.push([{ grpc_code: name, ...labels }, stats.handled[code]!]);
  }
  return [
    counter("etcd_network_client_grpc_received_bytes_total", "The total number of bytes received from grpc clients.", receivedBytes),
    counter("etcd_network_client_grpc_sent_bytes_total", "The total number of bytes sent to grpc clients.", sentBytes),
    counter("grpc_server_started_total", "Total number of RPCs started on the server.", started),
    counter("grpc_server_handled_total", "Total number of RPCs completed on the server, regardless of success or failure.", handled),
    counter("grpc_server_msg_received_total", "Total number of RPC stream messages received on the server.", received),
    counter("grpc_server_msg_sent_total", "Total number of gRPC stream messages sent by the server.", sent),
  ];
}
