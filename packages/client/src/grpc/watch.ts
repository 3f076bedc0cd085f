import { ApiError, apiError } from "@flotilla/api";
import type { WatchRequest, WatchEvent as WireEvent } from "@flotilla/rpc/gen/flotilla/api/v1/api.ts";
import type { ServiceError } from "@grpc/grpc-js";
import type { WatchEvent } from "../client.ts";
import { decode } from "../codec.ts";
import { decodeEvent } from "../watch-event.ts";
import type { CallPorts } from "./call.ts";
import { fromServiceError, isServerTrouble, isTransportFailure } from "./errors.ts";
import type { NotConnected } from "./servers.ts";

/** Streams one watch from the current server; the informer decides when to open it again. */
export async function* grpcWatch<T>(ports: CallPorts, request: WatchRequest, signal?: AbortSignal): AsyncGenerator<WatchEvent<T>> {
  const { servers } = ports;
  const index = servers.index;
  const { stub } = await servers.ready().catch((error: NotConnected) => {
    servers.failed(index, error.message);
    throw apiError("ServiceUnavailable", error.message);
  });
  if (signal?.aborted) return;
  const stream = stub.watch(request, ports.metadata());
  const abort = () => stream.cancel();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    for await (const reply of stream) {
      for (const event of (reply as { events: WireEvent[] }).events) yield decodeEvent<T>(event.type, decode(event.object));
    }
  } catch (error) {
    if (signal?.aborted) return;
    if (error instanceof ApiError) throw error;
    if (isTransportFailure(error as ServiceError) || isServerTrouble(error as ServiceError))
      servers.failed(index, (error as Error).message);
    throw fromServiceError(error as ServiceError);
  } finally {
    signal?.removeEventListener("abort", abort);
    // Also when the consumer stops early: an abandoned stream would keep the server sending.
    stream.on("error", () => {});
    stream.cancel();
  }
}
