import { type Clock, type Random, uuid } from "@flotilla/base";
import type { ResourceRef } from "@flotilla/rpc/gen/flotilla/api/v1/api.ts";
import type { ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import { subjectOf } from "../http/credentials.ts";
import type { Call, Credentials } from "../request/call.ts";
import type { RequestInfo } from "../request/request-info.ts";

type GrpcCall = Pick<
  ServerUnaryCall<{ ref: ResourceRef | undefined }, unknown> | ServerWritableStream<{ ref: ResourceRef | undefined }, unknown>,
  "request" | "metadata" | "getAuthContext" | "getPeer" | "on"
>;

export interface CallPorts {
  clock: Clock;
  random: Random;
}

interface Asked {
  verb: string;
  query: Record<string, string | number | boolean | string[] | undefined>;
  body?: Buffer;
  contentType?: string;
}

const NOTHING = Buffer.alloc(0);

/** A gRPC request in the form that the chain takes. */
export function callOf({ clock, random }: CallPorts, grpc: GrpcCall, { verb, query, body, contentType }: Asked): Call {
  const abort = new AbortController();
  const info = infoOf(verb, grpc.request.ref);
  grpc.on("cancelled", () => abort.abort());
  return {
    info,
    query: searchParams(query),
    credentials: credentialsOf(grpc),
    contentType,
    accept: undefined,
    ifNoneMatch: undefined,
    now_ms: clock.now(),
    userAgent: String(grpc.metadata.get("user-agent")[0] ?? ""),
    body: () => Promise.resolve(body ?? NOTHING),
    signal: abort.signal,
    user: { name: "", groups: [] },
    warnings: [],
    responseHeaders: {},
    auditId: uuid(random),
    annotations: {},
    get uri() {
      return restPath(info);
    },
    sourceIps: [grpc.getPeer().replace(/:\d+$/, "")],
  };
}

/** The path that the same request has over REST. */
function restPath({ group, version, namespace, resource, name, subresource }: RequestInfo): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const parts = [namespace && resource !== "namespaces" ? `namespaces/${namespace}` : "", resource, name, subresource];
  return [root, ...parts.filter((part) => part !== "")].join("/");
}

function infoOf(verb: string, ref: ResourceRef | undefined): RequestInfo {
  const { group = "", version = "", resource = "", name = "", subresource = "" } = ref ?? {};
  // As over REST, a Namespace's own name is the namespace of the request.
  const namespace = resource === "namespaces" && group === "" ? name : (ref?.namespace ?? "");
  return { isResource: true, path: "", verb, group, version, namespace, resource, subresource, name, rest: "" };
}

function searchParams(query: Asked["query"]): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== "") params.append(name, String(one));
  }
  return params;
}

function credentialsOf(grpc: GrpcCall): Credentials {
  const subject = grpc.getAuthContext().sslPeerCertificate?.subject as Record<string, string | string[]> | undefined;
  const [, token] = /^Bearer\s+(\S+)\s*$/i.exec(String(grpc.metadata.get("authorization")[0] ?? "")) ?? [];
  return { ...(subject ? subjectOf(subject) : {}), ...(token ? { bearerToken: token } : {}) };
}
