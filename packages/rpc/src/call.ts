import type { Clock } from "@flotilla/base";
import { type CallOptions, type ClientUnaryCall, Metadata, type ServiceError } from "@grpc/grpc-js";

export interface UnaryOptions {
  metadata?: Metadata;
  /** Fails with DEADLINE_EXCEEDED after this time. */
  timeout_ms?: number;
  clock?: Clock;
  signal?: AbortSignal;
}

type UnaryMethod<Q, R> = (
  request: Q,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: R) => void,
) => ClientUnaryCall;

/** A unary call as a promise: `unary(kv.range.bind(kv), request, { timeout_ms, clock })`. Rejects with ServiceError. */
export function unary<Q, R>(method: UnaryMethod<Q, R>, request: Q, options: UnaryOptions = {}): Promise<R> {
  return new Promise((resolve, reject) => {
    const callOptions: Partial<CallOptions> = {};
    if (options.timeout_ms !== undefined && options.clock) callOptions.deadline = options.clock.now() + options.timeout_ms;
    const abort = () => call.cancel();
    const call = method(request, options.metadata ?? new Metadata(), callOptions, (error, response) => {
      options.signal?.removeEventListener("abort", abort);
      if (error) reject(error);
      else resolve(response);
    });
    if (options.signal?.aborted) call.cancel();
    else options.signal?.addEventListener("abort", abort, { once: true });
  });
}
