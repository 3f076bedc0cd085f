/** The gRPC status codes as Go spells them, by their numbers: in messages that quote one, and in metrics. */
export const CODE_NAMES: readonly string[] = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
];

/** A failed call as Go's clients print it. */
export const goError = (code: number, message: string): string =>
  `rpc error: code = ${CODE_NAMES[code] ?? `Code(${code})`} desc = ${message}`;
