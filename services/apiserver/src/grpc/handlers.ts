import {
  type ApiServer,
  type DeleteCollectionRequest,
  type DeleteRequest,
  type GetRequest,
  ListReply,
  type ListRequest,
  ObjectReply,
  type PatchRequest,
  type WatchRequest,
  type WriteRequest,
} from "@flotilla/rpc/gen/flotilla/api/v1/api.ts";
import type { handleUnaryCall, ServerUnaryCall, StatusObject } from "@grpc/grpc-js";
import type { Call, Reply } from "../request/call.ts";
import type { RequestMetrics } from "../request/metrics.ts";
import { type CallPorts, callOf } from "./call.ts";
import { writeWatch } from "./watch-writer.ts";

type Handler = (call: Call) => Promise<Reply>;
type Parameters_ = Record<string, string | number | boolean | string[] | undefined>;

interface Asked {
  verb: string;
  query: Parameters_;
  body?: Buffer;
  contentType?: string;
}

const JSON_TYPE = "application/json";

export function createHandlers(
  ports: CallPorts,
  metrics: RequestMetrics,
  handler: Handler,
  fail: (error: unknown) => Partial<StatusObject>,
): ApiServer {
  const unary = <Q extends { ref: unknown }, R>(
    asked: (request: Q) => Asked,
    answer: (reply: Reply, call: Call) => R,
  ): handleUnaryCall<Q, R> => {
    return (grpc, callback) => {
      const call = callOf(ports, grpc as unknown as ServerUnaryCall<{ ref: GetRequest["ref"] }, unknown>, asked(grpc.request));
      const done = metrics.begin(call.info);
      handler(call).then(
        (reply) => {
          done(reply.type === "object" ? reply.code : 200);
          callback(null, answer(reply, call));
        },
        (error) => {
          done((error as { code?: number }).code ?? 500);
          callback(fail(error));
        },
      );
    };
  };
  return {
    get: unary((q: GetRequest) => ({ verb: "get", query: { resourceVersion: q.resourceVersion } }), objectReply),
    list: unary((q: ListRequest) => ({ verb: "list", query: listQuery(q) }), listReply),
    create: unary((q: WriteRequest) => write("create", q), objectReply),
    update: unary((q: WriteRequest) => write("update", q), objectReply),
    patch: unary(
      (q: PatchRequest) => ({
        verb: "patch",
        query: { fieldManager: q.fieldManager, force: q.force || undefined, dryRun: q.dryRun },
        body: q.patch,
        contentType: q.contentType,
      }),
      objectReply,
    ),
    delete: unary((q: DeleteRequest) => ({ verb: "delete", query: {}, body: q.options, contentType: JSON_TYPE }), objectReply),
    deleteCollection: unary(
      (q: DeleteCollectionRequest) => ({
        verb: "deletecollection",
        query: { labelSelector: q.labelSelector, fieldSelector: q.fieldSelector },
        body: q.options,
        contentType: JSON_TYPE,
      }),
      objectReply,
    ),
    watch: (grpc) => {
      const call = callOf(ports, grpc, { verb: "watch", query: watchQuery(grpc.request) });
      const done = metrics.begin(call.info);
      handler(call).then(
        (reply) => {
          if (reply.type === "watch") writeWatch(grpc, reply.definition, reply.source, () => done(200));
        },
        (error) => {
          done((error as { code?: number }).code ?? 500);
          grpc.emit("error", fail(error));
        },
      );
    },
  };
}

const write = (verb: string, q: WriteRequest): Asked => ({
  verb,
  query: { fieldManager: q.fieldManager, dryRun: q.dryRun, fieldValidation: q.fieldValidation },
  body: q.object,
  contentType: JSON_TYPE,
});

const listQuery = (q: ListRequest): Parameters_ => ({
  labelSelector: q.labelSelector,
  fieldSelector: q.fieldSelector,
  resourceVersion: q.resourceVersion,
  resourceVersionMatch: q.resourceVersionMatch,
  limit: q.limit || undefined,
  continue: q.continue,
});

const watchQuery = (q: WatchRequest): Parameters_ => ({
  labelSelector: q.labelSelector,
  fieldSelector: q.fieldSelector,
  resourceVersion: q.resourceVersion,
  allowWatchBookmarks: q.allowBookmarks || undefined,
  timeoutSeconds: q.timeoutSeconds || undefined,
  ...(q.sendInitialEvents ? { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" } : {}),
});

function objectReply(reply: Reply, call: Call): ObjectReply {
  if (reply.type !== "object") return ObjectReply.create({ warnings: call.warnings });
  return { object: reply.entry?.json ?? Buffer.from(JSON.stringify(reply.object)), warnings: call.warnings };
}

function listReply(reply: Reply): ListReply {
  if (reply.type !== "list") return ListReply.create({});
  const { resourceVersion, remainingItemCount } = reply.metadata;
  return {
    resourceVersion,
    continue: reply.metadata.continue ?? "",
    remainingItemCount: remainingItemCount ?? 0,
    items: reply.entries.map((entry) => entry.json),
  };
}
