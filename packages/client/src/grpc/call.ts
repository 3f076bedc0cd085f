import { apiError } from "@flotilla/api";
import { type Backoff, type Clock, sleep } from "@flotilla/base";
import type { ApiClient as ApiStub } from "@flotilla/rpc/gen/flotilla/api/v1/api.ts";
import type { ClientUnaryCall, Metadata, ServiceError } from "@grpc/grpc-js";
import { fromServiceError, isServerTrouble, isTransportFailure, isUnsent } from "./errors.ts";
import { NotConnected, type Servers } from "./servers.ts";

/** One unary call with its deadline (milliseconds since the epoch, as gRPC takes it). */
export type Send<R> = (
  stub: ApiStub,
  metadata: Metadata,
  deadline_ms: number,
  done: (error: ServiceError | null, reply: R) => void,
) => ClientUnaryCall;

export interface CallPorts {
  clock: Clock;
  servers: Servers;
  backoff: () => Backoff<"call">;
  metadata: () => Metadata;
}

const DEADLINE_MS = 10_000;

/**
 * Sends a unary call, on the next server when one does not answer.
 * Calls that are not idempotent are sent again only when they never left.
 * Bounded: each server is tried twice, with a short back-off once all have failed.
 * @throws ApiError
 */
export async function callUnary<R>(ports: CallPorts, idempotent: boolean, send: Send<R>, signal?: AbortSignal): Promise<R> {
  const { clock, servers } = ports;
  const backoff = ports.backoff();
  const attempts = servers.size * 2;
  let last = "";
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const index = servers.index;
    if (signal?.aborted) throw apiError("Timeout", "the request was cancelled");
    try {
      const { stub } = await servers.ready();
      return await once(stub, ports.metadata(), clock.now() + DEADLINE_MS, send, signal);
    } catch (error) {
      if (signal?.aborted) throw apiError("Timeout", "the request was cancelled");
      last = (error as ServiceError).details ?? (error as Error).message;
      const unsent = error instanceof NotConnected || isUnsent(error as ServiceError);
      if (!unsent && !isTransportFailure(error as ServiceError) && !isServerTrouble(error as ServiceError)) {
        throw fromServiceError(error as ServiceError);
      }
      servers.failed(index, last);
      if (!unsent && (!idempotent || attempt === attempts)) throw fromServiceError(error as ServiceError);
    }
    // At once on the next server; wait only when every one has been tried.
    if (attempt % servers.size === 0 && attempt < attempts) await sleep(clock, backoff.next("call"), signal);
  }
  throw apiError("ServiceUnavailable", `no API server answers: ${last}`);
}

function once<R>(stub: ApiStub, metadata: Metadata, deadline_ms: number, send: Send<R>, signal?: AbortSignal): Promise<R> {
  return new Promise((resolve, reject) => {
    const abort = () => call.cancel();
    const call = send(stub, metadata, deadline_ms, (error, reply) => {
      signal?.removeEventListener("abort", abort);
      if (error) reject(error);
      else resolve(reply);
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}
