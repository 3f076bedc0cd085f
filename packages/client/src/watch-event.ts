import { ApiError, apiError, type KubeObject, type Status } from "@flotilla/api";
import type { WatchEvent } from "./client.ts";

/** A wire event as the client's union; ERROR events are thrown as what they carry. */
export function decodeEvent<T>(type: string, object: unknown): WatchEvent<T> {
  switch (type) {
    case "BOOKMARK":
      return { type, resourceVersion: (object as KubeObject).metadata.resourceVersion ?? "" };
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return { type, object: object as T };
    case "ERROR":
      throw new ApiError(object as Status);
    default:
      throw apiError("InternalError", `unknown watch event type ${type}`);
  }
}
