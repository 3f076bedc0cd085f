import { apiError, type ResourceDefinition } from "@flotilla/api";
import { LogsRequest } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { Operation } from "../registry/dispatch.ts";
import type { Kernel } from "../registry/kernel.ts";
import type { Call, Reply, StreamResponse } from "../request/call.ts";
import { isTrue } from "../request/request-info.ts";
import { type KubeletClient, kubeletError } from "./kubelet-client.ts";
import { containerOf, podTarget } from "./pod-target.ts";

type LogStream = ReturnType<ReturnType<KubeletClient["of"]>["logs"]>;

/** GET pods/NAME/log: the kubelet's stream, at the client's pace. */
export function logs(kubelets: KubeletClient): Operation {
  return async (kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> => {
    const { pod, node } = await podTarget(kernel, call, def);
    const container = containerOf(pod, call.query.get("container"));
    const request = requestOf(call, container);
    const stream = kubelets.of(node).logs(request);
    call.signal.addEventListener("abort", () => stream.cancel(), { once: true });
    const first = await firstMessage(stream);
    return { type: "stream", serve: (response) => pour(stream, first, response) };
  };
}

function requestOf({ info, query }: Call, container: string): LogsRequest {
  const number = (name: string, unset: number) => {
    const text = query.get(name);
    if (text === null || text === "") return unset;
    if (!/^\d+$/.test(text))
      throw apiError("BadRequest", `invalid value ${JSON.stringify(text)} for ${name}: must be a non-negative number`);
    return Number(text);
  };
  return LogsRequest.fromPartial({
    namespace: info.namespace,
    pod: info.name,
    container,
    follow: query.has("follow") && isTrue(query.get("follow")),
    previous: query.has("previous") && isTrue(query.get("previous")),
    timestamps: query.has("timestamps") && isTrue(query.get("timestamps")),
    sinceSeconds: number("sinceSeconds", 0),
    sinceTime: query.get("sinceTime") ?? "",
    tailLines: number("tailLines", -1),
    limitBytes: number("limitBytes", 0),
  });
}

type First = { data?: Buffer; ended: boolean };

/** A refusal must become an HTTP error, so the answer starts only when the kubelet has shown that it has one. */
function firstMessage(stream: LogStream): Promise<First> {
  return new Promise((resolve, reject) => {
    stream.once("data", ({ data }: { data: Buffer }) => {
      stream.pause();
      resolve({ data, ended: false });
    });
    stream.once("end", () => resolve({ ended: true }));
    stream.once("metadata", () => setImmediate(() => resolve({ ended: false })));
    stream.on("error", (error) => reject(kubeletError(error)));
  });
}

function pour(stream: LogStream, first: First, response: StreamResponse): Promise<void> {
  response.writeHead(200, { "Content-Type": "text/plain", "Cache-Control": "no-cache, private" });
  response.flushHeaders();
  if (first.data) response.write(first.data);
  if (first.ended) {
    response.end();
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    stream.on("data", ({ data }: { data: Buffer }) => {
      if (!response.write(data)) stream.pause();
    });
    response.on("drain", () => stream.resume());
    const finish = () => {
      response.end();
      resolve();
    };
    stream.on("end", finish);
    stream.on("error", finish);
    response.on("close", () => {
      stream.cancel();
      resolve();
    });
    stream.resume();
  });
}
