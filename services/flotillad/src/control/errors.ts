import { type ServiceError as GrpcError, status } from "@grpc/grpc-js";
import { ServiceError } from "../service-forwards.ts";
import { SpecError } from "../spec.ts";

/** What the caller did wrong, in words that say what to do next. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A gRPC failure; wrong use is INVALID_ARGUMENT, everything else FAILED_PRECONDITION with its reason. */
export function toGrpc(error: unknown): Partial<GrpcError> {
  const wrongUse = error instanceof UsageError || error instanceof SpecError || error instanceof ServiceError;
  return { code: wrongUse ? status.INVALID_ARGUMENT : status.FAILED_PRECONDITION, details: (error as Error).message };
}
