import { goError } from "@flotilla/rpc/code-names.ts";

/** Why a container could not be started: the reason and message of its waiting state. */
export type StartReason =
  | "CrashLoopBackOff"
  | "ErrImagePull"
  | "ImagePullBackOff"
  | "ErrImageNeverPull"
  | "InvalidImageName"
  | "ImageInspectError"
  | "CreateContainerConfigError"
  | "CreateContainerError"
  | "RunContainerError"
  | "PostStartHookError";

/** One container's failure to start; the others go on. Tried again after a back-off. */
export class StartError extends Error {
  override name = "StartError";
  readonly reason: StartReason;

  constructor(reason: StartReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The whole pod cannot go on now; `reason` is the event's. Tried again after a back-off. */
export class SyncError extends Error {
  override name = "SyncError";
  readonly reason: "FailedMount" | "FailedCreatePodSandBox" | "NetworkNotReady" | "FailedKillPod" | "FailedToRetrieveImagePullSecret";

  constructor(reason: SyncError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The message of anything thrown; a gRPC failure as upstream prints it. */
export function messageOf(error: unknown): string {
  const e = error as { message?: string; code?: unknown; details?: string };
  if (typeof e?.code === "number" && typeof e.details === "string") return goError(e.code, e.details);
  return e?.message ?? String(error);
}

export const isRpcNotFound = (error: unknown): boolean => (error as { code?: unknown } | undefined)?.code === 5;
