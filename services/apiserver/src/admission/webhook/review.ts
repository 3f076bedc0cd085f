import { ApiError, REASON_CODES, type Status, type StatusReason } from "@flotilla/api";

/** What a webhook answered, checked. */
export interface ReviewAnswer {
  allowed: boolean;
  /** RFC 6902. */
  patch: unknown[] | undefined;
  warnings: string[];
  auditAnnotations: Record<string, string>;
  status: Partial<Status> | undefined;
}

interface RawResponse {
  uid?: string;
  allowed?: boolean;
  patch?: string;
  patchType?: string;
  warnings?: string[];
  auditAnnotations?: Record<string, string>;
  status?: Partial<Status>;
}

/** v1beta1 answers the same, but need not say uid and patchType. */
export type ReviewVersion = "v1" | "v1beta1";

export function reviewBody(version: ReviewVersion, uid: string, request: Record<string, unknown>): object {
  return { kind: "AdmissionReview", apiVersion: `admission.k8s.io/${version}`, request: { uid, ...request } };
}

/** @throws Error in upstream's words when the answer is not one to this review. */
export function readReview(version: ReviewVersion, uid: string, mutating: boolean, answer: unknown): ReviewAnswer {
  const { kind, apiVersion, response } = (answer ?? {}) as { kind?: string; apiVersion?: string; response?: RawResponse };
  const wanted = `admission.k8s.io/${version}`;
  if (version === "v1" && (kind !== "AdmissionReview" || apiVersion !== wanted)) {
    throw new Error(`expected webhook response of ${wanted}, Kind=AdmissionReview, got ${apiVersion ?? ""}, Kind=${kind ?? ""}`);
  }
  if (typeof response !== "object" || response === null) throw new Error("webhook response did not contain a response");
  if (version === "v1" && response.uid !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? "")}`);
  }
  return {
    allowed: response.allowed === true,
    patch: patchOf(version, mutating, response),
    warnings: (response.warnings ?? []).map(String),
    auditAnnotations: response.auditAnnotations ?? {},
    status: response.status,
  };
}

function patchOf(version: ReviewVersion, mutating: boolean, { patch, patchType }: RawResponse): unknown[] | undefined {
  if (patch && !mutating) throw new Error("validating webhook may not return response.patch");
  if (!patch) {
    if (patchType && version === "v1")
      throw new Error(
        mutating ? "webhook returned response.patchType but not response.patch" : "validating webhook may not return response.patchType",
      );
    return undefined;
  }
  const type = patchType ?? (version === "v1beta1" ? "JSONPatch" : undefined);
  if (!type) throw new Error("webhook returned response.patch but not response.patchType");
  if (type !== "JSONPatch") throw new Error(`webhook returned invalid response.patchType of ${JSON.stringify(type)}`);
  let operations: unknown;
  try {
    operations = JSON.parse(Buffer.from(patch, "base64").toString());
  } catch (error) {
    throw new Error(`received invalid patch: ${(error as Error).message}`);
  }
  if (!Array.isArray(operations)) throw new Error("received invalid patch: no list");
  return operations;
}

/** The refusal as the client sees it: the webhook's own status, always an error. */
export function deniedBy(name: string, status: Partial<Status> = {}): ApiError {
  const by = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = status.message || status.reason;
  const code = typeof status.code === "number" && status.code >= 400 ? status.code : 400;
  const known = status.reason && status.reason in REASON_CODES ? { reason: status.reason as StatusReason } : {};
  return new ApiError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: why ? `${by}: ${why}` : `${by} without explanation`,
    ...known,
    ...(status.details ? { details: status.details } : {}),
    code,
  });
}
