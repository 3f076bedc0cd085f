/** metav1.Status: the one shape of every failure of the API (API conventions, "Response Status Kind"). */
export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, unknown>;
  status: "Success" | "Failure";
  message?: string;
  reason?: StatusReason;
  details?: StatusDetails;
  code: number;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** metav1.StatusReason with its HTTP code. */
export const REASON_CODES = {
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Invalid: 422,
  ServerTimeout: 504,
  Timeout: 504,
  TooManyRequests: 429,
  BadRequest: 400,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  InternalError: 500,
  Expired: 410,
  ServiceUnavailable: 503,
} as const;

export type StatusReason = keyof typeof REASON_CODES;

/** A failure that has a Status; servers send it, clients throw it. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? status.reason ?? `status ${status.code}`);
    this.status = status;
  }

  get reason(): StatusReason | undefined {
    return this.status.reason;
  }

  get code(): number {
    return this.status.code;
  }
}

export function apiError(reason: StatusReason, message: string, details?: StatusDetails): ApiError {
  return new ApiError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(details ? { details } : {}),
    code: REASON_CODES[reason],
  });
}

export function isApiError(error: unknown, ...reasons: StatusReason[]): error is ApiError {
  return error instanceof ApiError && (reasons.length === 0 || (error.reason !== undefined && reasons.includes(error.reason)));
}

export const isNotFound = (error: unknown): error is ApiError => isApiError(error, "NotFound");
export const isConflict = (error: unknown): error is ApiError => isApiError(error, "Conflict");
export const isAlreadyExists = (error: unknown): error is ApiError => isApiError(error, "AlreadyExists");
/** The watch or page is too old: list again. */
export const isExpired = (error: unknown): error is ApiError => isApiError(error, "Expired", "Gone");
