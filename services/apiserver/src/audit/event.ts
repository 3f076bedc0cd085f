import type { KubeObject, Status } from "@flotilla/api";
import { rfc3339Micro } from "@flotilla/base";
import type { Call, Reply, User } from "../request/call.ts";
import type { Decision, Level, Stage } from "./policy.ts";

/** audit.k8s.io/v1 Event, as far as it is known at a stage. */
export interface AuditEvent {
  kind: "Event";
  apiVersion: "audit.k8s.io/v1";
  level: Level;
  auditID: string;
  stage: Stage;
  requestURI: string;
  verb: string;
  user: object;
  impersonatedUser?: object;
  sourceIPs: readonly string[];
  userAgent: string;
  objectRef?: object;
  responseStatus?: object;
  requestObject?: unknown;
  responseObject?: unknown;
  requestReceivedTimestamp: string;
  stageTimestamp: string;
  annotations?: Record<string, string>;
}

export interface Recorded {
  call: Call;
  /** Who asked, before any impersonation. */
  asked: User;
  decision: Decision;
  received_ms: number;
  /** What the request's operation has read of its body so far. */
  body(): Uint8Array | undefined;
}

/** What the answer adds. */
export interface Outcome {
  code: number;
  status?: Status;
  reply?: Reply;
  body?: unknown;
  annotations: Record<string, string>;
}

export function eventOf(
  { call, asked, decision, received_ms }: Omit<Recorded, "body">,
  stage: Stage,
  now_ms: number,
  outcome?: Outcome,
): AuditEvent {
  const { level, omitManagedFields } = decision;
  const bodies = level === "Request" || level === "RequestResponse";
  const strip = omitManagedFields ? withoutManagedFields : (value: unknown) => value;
  const responseObject = level === "RequestResponse" && outcome ? responseOf(outcome) : undefined;
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level,
    auditID: call.auditId,
    stage,
    requestURI: call.uri,
    verb: call.info.verb,
    user: userOf(asked),
    ...(call.user !== asked && call.credentials.impersonate ? { impersonatedUser: userOf(call.user) } : {}),
    sourceIPs: call.sourceIps,
    userAgent: call.userAgent,
    ...(call.info.isResource ? { objectRef: objectRefOf(call, outcome) } : {}),
    ...(outcome ? { responseStatus: statusOf(outcome) } : {}),
    ...(bodies && outcome?.body !== undefined ? { requestObject: strip(outcome.body) } : {}),
    ...(responseObject === undefined ? {} : { responseObject: strip(responseObject) }),
    requestReceivedTimestamp: rfc3339Micro(received_ms),
    stageTimestamp: rfc3339Micro(now_ms),
    ...(outcome && Object.keys(outcome.annotations).length > 0 ? { annotations: { ...outcome.annotations } } : {}),
  };
}

const userOf = ({ name, uid, groups, extra }: User) => ({ username: name, ...(uid ? { uid } : {}), groups, ...(extra ? { extra } : {}) });

function objectRefOf({ info }: Call, outcome: Outcome | undefined): object {
  const made = outcome?.reply?.type === "object" ? (outcome.reply.object as Partial<KubeObject>).metadata : undefined;
  const name = info.name || (info.verb === "create" ? made?.name : undefined);
  return {
    resource: info.resource,
    ...(info.namespace ? { namespace: info.namespace } : {}),
    ...(name ? { name } : {}),
    ...(made?.uid && info.verb !== "get" ? { uid: made.uid } : {}),
    ...(info.group ? { apiGroup: info.group } : {}),
    apiVersion: info.version,
    ...(info.subresource ? { subresource: info.subresource } : {}),
  };
}

function statusOf({ code, status }: Outcome): object {
  if (!status) return { metadata: {}, code };
  const { message, reason, details } = status;
  return {
    metadata: {},
    status: status.status,
    ...(message ? { message } : {}),
    ...(reason ? { reason } : {}),
    ...(details ? { details } : {}),
    code,
  };
}

function responseOf({ reply, status }: Outcome): unknown {
  if (status) return status;
  if (reply?.type === "object") return reply.object;
  if (reply?.type !== "list") return undefined;
  const { group, version, listKind } = reply.definition;
  return {
    kind: listKind,
    apiVersion: group === "" ? version : `${group}/${version}`,
    metadata: reply.metadata,
    items: reply.entries.map((entry) => entry.object),
  };
}

function withoutManagedFields(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { items, metadata } = value as { items?: unknown; metadata?: Record<string, unknown> };
  if (Array.isArray(items)) return { ...value, items: items.map(withoutManagedFields) };
  if (!metadata || metadata["managedFields"] === undefined) return value;
  const { managedFields: _, ...rest } = metadata;
  return { ...value, metadata: rest };
}
