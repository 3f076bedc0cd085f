import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex, Writable } from "node:stream";
import type { KubeObject, ResourceDefinition } from "@flotilla/api";
import type { WatchSource } from "../registry/watch.ts";
import type { Entry } from "../storage/entry.ts";
import type { RequestInfo } from "./request-info.ts";

/** Who asks (authentication.k8s.io UserInfo). */
export interface User {
  name: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

/** What a front end knows of the caller, before anyone believed it. */
export interface Credentials {
  /** A client certificate that the TLS layer has verified against --client-ca-file. */
  certificate?: { commonName: string; organizations: readonly string[] };
  bearerToken?: string;
  /** A front proxy by its certificate's name, and whom it says to speak for. */
  frontProxy?: { commonName: string; user: User };
  /** A certificate was shown but does not verify. */
  badCertificate?: boolean;
  impersonate?: { user: string; uid?: string; groups: string[]; extra: Record<string, string[]> };
}

/** One request on its way through the chain, whichever front end took it. */
export interface Call {
  readonly info: RequestInfo;
  readonly query: URLSearchParams;
  readonly credentials: Credentials;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly now_ms: number;
  readonly userAgent: string;
  /** Reads the body once; bounded. */
  body(): Promise<Uint8Array>;
  /** Aborts when the client goes away or the time is up. */
  readonly signal: AbortSignal;
  /** Set by authentication; impersonation replaces it. */
  user: User;
  /** Lines for Warning headers. */
  readonly warnings: string[];
  /** Further headers of the answer: what the chain wants the client to know. */
  readonly responseHeaders: Record<string, string>;
  /** Ties the answer to its audit events. */
  readonly auditId: string;
  /** What the audit events say beside. */
  readonly annotations: Record<string, string>;
  /** Path and query as they were asked for. */
  readonly uri: string;
  readonly sourceIps: readonly string[];
}

export interface ListMetadata {
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

/** An object that stands in the store: few look into it, most only send its bytes. */
export function entryReply(code: number, definition: ResourceDefinition, entry: Entry): Extract<Reply, { type: "object" }> {
  return {
    type: "object",
    code,
    definition,
    entry,
    get object() {
      return entry.object;
    },
  };
}

/** Where a stream goes: an HTTP response, or the messages of a WebSocket. */
export interface StreamResponse extends Writable {
  writeHead(code: number, headers: Record<string, string | string[]>): unknown;
  /** Tells the client at once that the stream stands. */
  flushHeaders(): void;
}

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

/** What the chain answers; each front end writes it in its own way. */
export type Reply =
  | { type: "object"; code: number; definition: ResourceDefinition | undefined; object: KubeObject | object; entry?: Entry }
  | { type: "list"; definition: ResourceDefinition; entries: Entry[]; metadata: ListMetadata }
  | { type: "watch"; definition: ResourceDefinition; source: WatchSource }
  /** A ready document: discovery, OpenAPI, health, metrics. */
  | { type: "document"; code: number; contentType: string; body: string | Buffer; headers?: Record<string, string> }
  /** Streams of bytes: logs; `serve` ends the response. */
  | { type: "stream"; serve(response: StreamResponse): Promise<void> }
  /** A request passed on to another server, whatever its method, body or protocol. */
  | { type: "proxy"; serve(request: IncomingMessage, response: ServerResponse): Promise<void>; upgrade: UpgradeHandler }
  /** exec, attach, port-forward: only after an HTTP upgrade. */
  | { type: "upgrade"; handle: UpgradeHandler };
