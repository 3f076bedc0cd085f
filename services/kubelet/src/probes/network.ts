import http from "node:http";
import https from "node:https";
import { connect } from "node:net";
import type { HttpTarget } from "./targets.ts";

const BODY_BYTES_MAX = 10 * 1024;

/** GETs the target; resolves with status and the beginning of the body. @throws Error as it happened, or on time-out. */
export function httpGet(target: HttpTarget, timeout_ms: number): Promise<{ status: number; body: string }> {
  const url = `${target.scheme}://${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}${target.path}`;
  return new Promise((resolve, reject) => {
    const options = { headers: target.headers, agent: false as const, rejectUnauthorized: false, signal: AbortSignal.timeout(timeout_ms) };
    const fail = (error: Error) =>
      reject(
        error.name === "AbortError" || error.name === "TimeoutError"
          ? new Error(`Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`)
          : new Error(`Get "${url}": dial tcp ${target.host}:${target.port}: ${reason(error)}`),
      );
    const request = (target.scheme === "https" ? https : http).get(url, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        if (size < BODY_BYTES_MAX) chunks.push(chunk);
        size += chunk.length;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8").slice(0, BODY_BYTES_MAX) }),
      );
      response.on("error", fail);
    });
    request.on("error", fail);
  });
}

/** Resolves when a connection could be made. */
export function tcpConnect(host: string, port: number, timeout_ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal: AbortSignal.timeout(timeout_ms) });
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", (error) =>
      reject(new Error(`dial tcp ${host}:${port}: ${error.name === "AbortError" ? "i/o timeout" : reason(error)}`)),
    );
  });
}

function reason(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ECONNREFUSED") return "connect: connection refused";
  if (code === "EHOSTUNREACH") return "connect: no route to host";
  return error.message;
}
