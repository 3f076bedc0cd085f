import type { KubeObject, ResourceType } from "@flotilla/api";
import { Backoff, type Clock, type Logger, type Random } from "@flotilla/base";
import { type ListReply, type ObjectReply, type ResourceRef, WatchRequest } from "@flotilla/rpc/gen/flotilla/api/v1/api.ts";
import { Metadata } from "@grpc/grpc-js";
import type { ApiClient, DeleteOptions, ListOptions, WriteOptions } from "../client.ts";
import { decode, deleteBody, encode, PATCH_CONTENT_TYPES, typed, withTypeMeta } from "../codec.ts";
import { bearerToken } from "../credentials.ts";
import type { ClientConfig, ReadFile } from "../kubeconfig.ts";
import { type CallPorts, callUnary } from "./call.ts";
import { Servers } from "./servers.ts";
import { grpcWatch } from "./watch.ts";

export interface GrpcPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  readFile: ReadFile;
}

/** ApiClient over flotilla.api.v1, with failover among `config.grpcServers`. */
export function createGrpcClient(ports: GrpcPorts, config: ClientConfig): ApiClient {
  const userAgent = config.userAgent ?? "flotilla";
  const manager = userAgent.split("/")[0]!;
  const servers = new Servers(ports, config.grpcServers, config.tls, userAgent, config.server.startsWith("http://"));
  const token = bearerToken(config.credentials, ports);
  const call: CallPorts = {
    clock: ports.clock,
    servers,
    backoff: () => new Backoff({ initial_ms: 100, max_ms: 1_000, jitter: 0.5 }, ports.random),
    metadata: () => authorization(token()),
  };
  const one = async <T>(reply: Promise<ObjectReply>) => decode<T>((await reply).object);

  return {
    get: <T>(type: ResourceType<T>, name: string, options: { namespace?: string; signal?: AbortSignal } = {}) => {
      const request = { ref: ref(type, options.namespace, name), resourceVersion: "" };
      return one<T>(callUnary(call, true, (stub, m, deadline, done) => stub.get(request, m, { deadline }, done), options.signal));
    },
    list: async <T>(type: ResourceType<T>, options: ListOptions = {}) => {
      const request = {
        ...selection(type, options),
        resourceVersionMatch: "",
        limit: options.limit ?? 0,
        continue: options.continue ?? "",
      };
      const send = (stub: any, m: Metadata, deadline: number, done: any) => stub.list(request, m, { deadline }, done);
      const reply = await callUnary<ListReply>(call, true, send, options.signal);
      const items = reply.items.map((bytes) => typed(type, decode<T>(bytes)));
      return { resourceVersion: reply.resourceVersion, ...(reply.continue ? { continue: reply.continue } : {}), items };
    },
    watch: (type, options = {}) => {
      const bookmarks = { allowBookmarks: options.allowBookmarks ?? false, timeoutSeconds: options.timeout_seconds ?? 0 };
      const request = WatchRequest.create({ ...selection(type, options), ...bookmarks });
      return grpcWatch(call, request, options.signal);
    },
    create: (type, object, options = {}) => one(write(call, "create", type, object, manager, options)),
    update: (type, object, options = {}) => one(write(call, "update", type, object, manager, options)),
    updateStatus: (type, object, options = {}) => one(write(call, "update", type, object, manager, { ...options, subresource: "status" })),
    patch: (type, name, patch, options = {}) => {
      const request = {
        ref: ref(type, options.namespace, name, options.subresource),
        patch: encode(patch.body),
        contentType: PATCH_CONTENT_TYPES[patch.type],
        fieldManager: options.fieldManager ?? manager,
        force: options.force ?? false,
        dryRun: [],
      };
      const send = (stub: any, m: Metadata, deadline: number, done: any) => stub.patch(request, m, { deadline }, done);
      return one(callUnary(call, patch.type !== "json", send, options.signal));
    },
    createSubresource: <R>(type: ResourceType<unknown>, name: string, subresource: string, body: unknown, options: WriteOptions = {}) => {
      const request = {
        ref: ref(type, options.namespace, name, subresource),
        object: encode(body),
        fieldManager: options.fieldManager ?? manager,
        dryRun: [],
        fieldValidation: "",
      };
      return one<R>(callUnary(call, false, (stub, m, deadline, done) => stub.create(request, m, { deadline }, done), options.signal));
    },
    delete: async (type, name, options = {}) => {
      const request = { ref: ref(type, options.namespace, name), options: encode(deleteBody(options)) };
      await callUnary(call, true, (stub, m, deadline, done) => stub.delete(request, m, { deadline }, done), options.signal);
    },
    deleteCollection: async (type, options: DeleteOptions & ListOptions = {}) => {
      const request = { ...selection(type, options), options: encode(deleteBody(options)) };
      await callUnary(call, true, (stub, m, deadline, done) => stub.deleteCollection(request, m, { deadline }, done), options.signal);
    },
    close: () => servers.close(),
  };
}

/** An update is safe to repeat only where a resourceVersion guards it; without one it just writes the same again. */
function write<T>(call: CallPorts, verb: "create" | "update", type: ResourceType<T>, object: T, manager: string, options: WriteOptions) {
  const meta = (object as KubeObject).metadata;
  const request = {
    ref: ref(type, options.namespace ?? meta?.namespace, verb === "create" ? "" : meta.name, options.subresource),
    object: encode(withTypeMeta(type, object)),
    fieldManager: options.fieldManager ?? manager,
    dryRun: [],
    fieldValidation: "",
  };
  return callUnary<ObjectReply>(
    call,
    verb === "update",
    (stub, m, deadline, done) => stub[verb](request, m, { deadline }, done),
    options.signal,
  );
}

function ref(type: ResourceType<unknown>, namespace?: string, name?: string, subresource?: string): ResourceRef {
  return {
    group: type.group,
    version: type.version,
    resource: type.resource,
    namespace: type.namespaced ? (namespace ?? "") : "",
    name: name ?? "",
    subresource: subresource ?? "",
  };
}

function selection(
  type: ResourceType<unknown>,
  options: Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector" | "resourceVersion">,
) {
  return {
    ref: ref(type, options.namespace),
    labelSelector: options.labelSelector ?? "",
    fieldSelector: options.fieldSelector ?? "",
    resourceVersion: options.resourceVersion ?? "",
  };
}

function authorization(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}
