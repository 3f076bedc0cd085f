import { apiError, FieldErrors, invalidError, type ResourceDefinition } from "@flotilla/api";
import { LogsRequest } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { Operation } from "../registry/dispatch.ts";
import type { Kernel } from "../registry/kernel.ts";
import { integerOf } from "../registry/options.ts";
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

/** PodLogOptions of the query. @throws ApiError BadRequest for what is no number, Invalid for one that makes no sense. */
export function requestOf({ info, query }: Pick<Call, "info" | "query">, container: string): LogsRequest {
  const errors = new FieldErrors();
  const number = (field: string, min: 0 | 1) => {
    const value = integerOf(query, field);
    if (value !== undefined && value < min)
      errors.invalid(field, value, min === 0 ? "must be greater than or equal to 0" : "must be greater than 0");
    return value;
  };
  const sinceTime = query.get("sinceTime") ?? "";
  if (sinceTime !== "" && Number.isNaN(Date.parse(sinceTime)))
    throw apiError("BadRequest", `parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse it`);
  const [tailLines, limitBytes, sinceSeconds] = [number("tailLines", 0), number("limitBytes", 1), number("sinceSeconds", 1)];
  if (sinceSeconds !== undefined && sinceTime !== "") errors.forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified");
  if (!errors.empty) throw invalidError("", "PodLogOptions", info.name, errors);
  return LogsRequest.fromPartial({
    namespace: info.namespace,
    pod: info.name,
    container,
    follow: query.has("follow") && isTrue(query.get("follow")),
    previous: query.has("previous") && isTrue(query.get("previous")),
    timestamps: query.has("timestamps") && isTrue(query.get("timestamps")),
    sinceSeconds: sinceSeconds ?? 0,
    sinceTime,
    tailLines: tailLines ?? -1,
    limitBytes: limitBytes ?? 0,
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
