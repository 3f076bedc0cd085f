import { status } from "@grpc/grpc-js";

/** The gRPC code that stands for an HTTP code (google.rpc.Code's own table, Kubernetes' codes). */
export function grpcCodeOfHttp(code: number): status {
  switch (code) {
    case 400:
    case 415:
    case 422:
      return status.INVALID_ARGUMENT;
    case 401:
      return status.UNAUTHENTICATED;
    case 403:
      return status.PERMISSION_DENIED;
    case 404:
      return status.NOT_FOUND;
    case 405:
    case 406:
      return status.UNIMPLEMENTED;
    case 409:
      return status.ABORTED;
    case 410:
      return status.OUT_OF_RANGE;
    case 413:
    case 429:
      return status.RESOURCE_EXHAUSTED;
    case 503:
      return status.UNAVAILABLE;
    case 504:
      return status.DEADLINE_EXCEEDED;
    default:
      return status.INTERNAL;
  }
}

/** The HTTP code for a failure that carries no Kubernetes Status of its own. */
export function httpCodeOfGrpc(code: status): number {
  switch (code) {
    case status.INVALID_ARGUMENT:
    case status.FAILED_PRECONDITION:
      return 400;
    case status.UNAUTHENTICATED:
      return 401;
    case status.PERMISSION_DENIED:
      return 403;
    case status.NOT_FOUND:
      return 404;
    case status.UNIMPLEMENTED:
      return 405;
    case status.ALREADY_EXISTS:
    case status.ABORTED:
      return 409;
    case status.OUT_OF_RANGE:
      return 410;
    case status.RESOURCE_EXHAUSTED:
      return 429;
    case status.UNAVAILABLE:
      return 503;
    case status.DEADLINE_EXCEEDED:
      return 504;
    default:
      return 500;
  }
}
