import { ApiError, apiError, type Status, type StatusReason } from "@flotilla/api";
import { type ServiceError, status } from "@grpc/grpc-js";

/** Where the API server puts the Kubernetes Status of a failed call (ARCHITECTURE.md, contracts). */
export const STATUS_TRAILER = "kubernetes-status-bin";

/** For servers that died before they could send a Status. */
const REASON_OF_CODE: Partial<Record<number, StatusReason>> = {
  [status.UNAVAILABLE]: "ServiceUnavailable",
  [status.DEADLINE_EXCEEDED]: "Timeout",
  [status.CANCELLED]: "ServiceUnavailable",
  [status.UNAUTHENTICATED]: "Unauthorized",
  [status.PERMISSION_DENIED]: "Forbidden",
  [status.NOT_FOUND]: "NotFound",
  [status.ALREADY_EXISTS]: "AlreadyExists",
  [status.ABORTED]: "Conflict",
  [status.INVALID_ARGUMENT]: "BadRequest",
  [status.OUT_OF_RANGE]: "Expired",
  [status.RESOURCE_EXHAUSTED]: "TooManyRequests",
  [status.UNIMPLEMENTED]: "MethodNotAllowed",
};

export function fromServiceError(error: ServiceError): ApiError {
  const trailer = error.metadata?.get(STATUS_TRAILER)[0];
  if (trailer !== undefined) {
    try {
      return new ApiError(JSON.parse(trailer.toString()) as Status);
    } catch {
      // An unreadable Status says less than the gRPC code: fall through.
    }
  }
  return apiError(REASON_OF_CODE[error.code] ?? "InternalError", error.details || error.message);
}

/** A server that stops resets its streams (CANCELLED); a broken connection can surface as INTERNAL. */
const UNANSWERED: number[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED];

/** True when no server answered: another one may. A Status means that one did answer; our own abort is told apart by the caller. */
export function isTransportFailure(error: ServiceError): boolean {
  if ((error.metadata?.get(STATUS_TRAILER).length ?? 0) > 0) return false;
  return UNANSWERED.includes(error.code) || (error.code === status.INTERNAL && /RST_STREAM|ECONN|EPIPE/.test(error.details ?? ""));
}

/** The server answered, but cannot serve: its store is gone, or it is overloaded. Another one may be better off. */
export function isServerTrouble(error: ServiceError): boolean {
  const { code } = fromServiceError(error);
  return code === 503 || code === 504;
}

/** The channel never got that far: no server has seen the call. (grpc-js tells it by its message alone.) */
export function isUnsent(error: ServiceError): boolean {
  return error.code === status.UNAVAILABLE && /^No connection established/.test(error.details ?? "");
}
