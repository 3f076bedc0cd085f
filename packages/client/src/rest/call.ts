import { ApiError, apiError, REASON_CODES, type Status, type StatusReason } from "@flotilla/api";
import { decode, encode } from "../codec.ts";
import type { HttpPort, HttpResponse } from "./http-port.ts";

export interface RestPorts {
  http: HttpPort;
  headers: () => Record<string, string>;
}

const TIMEOUT_MS = 10_000;

export interface RestCall {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
}

/** One request with a whole JSON answer. @throws ApiError */
export async function callRest<R>(ports: RestPorts, call: RestCall): Promise<R> {
  const response = await open(ports, call, TIMEOUT_MS);
  return decode<R>(await readAll(response));
}

/** Sends and checks the status; the body is still to be read. @throws ApiError */
export async function open(ports: RestPorts, call: RestCall, timeout_ms: number): Promise<HttpResponse> {
  const body = call.body === undefined ? undefined : encode(call.body);
  const headers = {
    accept: "application/json",
    ...(body ? { "content-type": call.contentType ?? "application/json" } : {}),
    ...ports.headers(),
  };
  let response: HttpResponse;
  try {
    response = await ports.http.request({ method: call.method, path: call.path, headers, body, timeout_ms, signal: call.signal });
  } catch (error) {
    throw apiError("ServiceUnavailable", (error as Error).message);
  }
  if (response.status >= 200 && response.status < 300) return response;
  throw failure(response.status, await readAll(response).catch(() => Buffer.alloc(0)));
}

export function failure(code: number, body: Uint8Array): ApiError {
  try {
    const status = decode<Status>(body);
    if (status.kind === "Status") return new ApiError(status);
  } catch {
    // Proxies answer in HTML: the code is all there is.
  }
  const reason = (Object.entries(REASON_CODES).find(([, c]) => c === code)?.[0] ?? "InternalError") as StatusReason;
  const text = Buffer.from(body).toString("utf8").trim().slice(0, 200);
  return apiError(reason, text === "" ? `the server answered ${code}` : text);
}

async function readAll(response: HttpResponse): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of response.body) chunks.push(chunk);
  } catch (error) {
    throw apiError("ServiceUnavailable", (error as Error).message);
  }
  return Buffer.concat(chunks);
}
