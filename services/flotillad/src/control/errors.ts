import { type ServiceError as GrpcError, status } from "@grpc/grpc-js";
import { SpecError } from "../spec.ts";

/** What the caller did wrong, in words that say what to do next. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A gRPC failure: INVALID_ARGUMENT where no cluster could take the request, FAILED_PRECONDITION where this one can't. */
export function toGrpc(error: unknown): Partial<GrpcError> {
  return { code: error instanceof SpecError ? status.INVALID_ARGUMENT : status.FAILED_PRECONDITION, details: (error as Error).message };
}
