import { Metadata, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { grpcCodeOfHttp } from "./codes.ts";

/** Trailing metadata that carries a failed call's Kubernetes Status as JSON. */
export const STATUS_METADATA_KEY = "kubernetes-status-bin";
/** Servers reject header blocks beyond 8 KiB or so: a Status with many causes loses them. */
const STATUS_BYTES_MAX = 6 * 1024;

/** The part of metav1.Status that this room must know. */
export interface StatusLike {
  code: number;
  message?: string;
  details?: object;
}

/** What a gRPC handler hands to its callback to fail with a Kubernetes Status. */
export function apiErrorToGrpc(status: StatusLike): Partial<StatusObject> {
  const metadata = new Metadata();
  let body = Buffer.from(JSON.stringify(status));
  if (body.length > STATUS_BYTES_MAX) {
    body = Buffer.from(JSON.stringify({ ...status, message: status.message?.slice(0, STATUS_BYTES_MAX / 4), details: undefined }));
  }
  metadata.set(STATUS_METADATA_KEY, body);
  return { code: grpcCodeOfHttp(status.code), details: (status.message ?? "").slice(0, 512), metadata };
}

/** The Status a failed call carried; undefined when the failure is the transport's own. */
export function grpcToApiStatus(error: unknown): StatusLike | undefined {
  const [value] = (error as ServiceError | undefined)?.metadata?.get?.(STATUS_METADATA_KEY) ?? [];
  if (value === undefined) return undefined;
  try {
    return JSON.parse(value.toString()) as StatusLike;
  } catch {
    return undefined;
  }
}
