import type { KubeObject, ResourceType } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import type { ApiClient, DeleteOptions, ListOptions, WriteOptions } from "../client.ts";
import { deleteBody, PATCH_CONTENT_TYPES, typed, withTypeMeta } from "../codec.ts";
import { bearerToken } from "../credentials.ts";
import type { ClientConfig, ReadFile } from "../kubeconfig.ts";
import { callRest, type RestPorts } from "./call.ts";
import type { HttpPort } from "./http-port.ts";
import { query, resourcePath } from "./paths.ts";
import { restWatch } from "./watch.ts";

interface WireList<T> {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: T[] | null;
}

/** ApiClient over the Kubernetes REST API: for API servers that are not ours, or behind a load balancer. */
export function createRestClient(ports: { clock: Clock; readFile: ReadFile; http: HttpPort }, config: ClientConfig): ApiClient {
  const userAgent = config.userAgent ?? "flotilla";
  const token = bearerToken(config.credentials, ports);
  const rest: RestPorts = {
    http: ports.http,
    headers: () => {
      const bearer = token();
      return { "user-agent": userAgent, ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) };
    },
  };
  const manager = userAgent.split("/")[0]!;

  const write = <T>(method: "POST" | "PUT", type: ResourceType<T>, object: T, options: WriteOptions = {}) => {
    const meta = (object as KubeObject).metadata;
    const name = method === "POST" ? undefined : meta.name;
    const path = resourcePath(type, options.namespace ?? meta?.namespace, name, options.subresource);
    const parameters = query({ fieldManager: options.fieldManager ?? manager });
    return callRest<T>(rest, { method, path: path + parameters, body: withTypeMeta(type, object), signal: options.signal });
  };

  return {
    get: (type, name, options = {}) =>
      callRest(rest, { method: "GET", path: resourcePath(type, options.namespace, name), signal: options.signal }),
    list: async <T>(type: ResourceType<T>, options: ListOptions = {}) => {
      const parameters = { ...selection(options), limit: options.limit, continue: options.continue };
      const path = resourcePath(type, options.namespace) + query(parameters);
      const list = await callRest<WireList<T>>(rest, { method: "GET", path, signal: options.signal });
      return {
        resourceVersion: list.metadata?.resourceVersion ?? "",
        ...(list.metadata?.continue ? { continue: list.metadata.continue } : {}),
        items: (list.items ?? []).map((item) => typed(type, item)),
      };
    },
    watch: (type, options = {}) => {
      const more = { watch: true, allowWatchBookmarks: options.allowBookmarks, timeoutSeconds: options.timeout_seconds };
      return restWatch(rest, resourcePath(type, options.namespace) + query({ ...selection(options), ...more }), options.signal);
    },
    create: (type, object, options) => write("POST", type, object, options),
    update: (type, object, options) => write("PUT", type, object, options),
    updateStatus: (type, object, options) => write("PUT", type, object, { ...options, subresource: "status" }),
    patch: (type, name, patch, options = {}) =>
      callRest(rest, {
        method: "PATCH",
        path:
          resourcePath(type, options.namespace, name, options.subresource) +
          query({ fieldManager: options.fieldManager ?? manager, force: options.force }),
        body: patch.body,
        contentType: PATCH_CONTENT_TYPES[patch.type],
        signal: options.signal,
      }),
    createSubresource: (type, name, subresource, body, options = {}) => {
      const path = resourcePath(type, options.namespace, name, subresource);
      return callRest(rest, { method: "POST", path: path + query({ fieldManager: manager }), body, signal: options.signal });
    },
    delete: async (type, name, options = {}) => {
      const path = resourcePath(type, options.namespace, name);
      await callRest(rest, { method: "DELETE", path, body: deleteBody(options), signal: options.signal });
    },
    deleteCollection: async (type, options: DeleteOptions & ListOptions = {}) => {
      const path = resourcePath(type, options.namespace) + query(selection(options));
      await callRest(rest, { method: "DELETE", path, body: deleteBody(options), signal: options.signal });
    },
    close: () => ports.http.close(),
  };
}

function selection(options: Pick<ListOptions, "labelSelector" | "fieldSelector" | "resourceVersion">) {
  return { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector, resourceVersion: options.resourceVersion };
}
