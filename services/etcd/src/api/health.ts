import type { Router, StreamCall } from "../grpc/server.ts";
import { Code, RpcError } from "../grpc/status.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";

/** grpc.health.v1.HealthCheckResponse.ServingStatus. */
const SERVING = 1;
const SERVICE_UNKNOWN = 3;

/** grpc.health.v1.Health (grpc/proposal A17): a process that answers serves; only the server as a whole, "", is known. */
export function serveHealth(router: Router): void {
  router.unary("/grpc.health.v1.Health/Check", (request, call) => {
    if (serviceOf(request) !== "") throw new RpcError(Code.NOT_FOUND, "unknown service");
    call.reply(statusMessage(SERVING));
  });
  router.streaming(
    "/grpc.health.v1.Health/Watch",
    (call: StreamCall) => {
      call.onMessage = (request) => call.send(statusMessage(serviceOf(request) === "" ? SERVING : SERVICE_UNKNOWN));
    },
    "server_stream",
  );
}

function serviceOf(request: Buffer): string {
  const r = new Reader(request);
  let service = "";
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 0x0a) service = r.text();
    else r.skip(tag);
  }
  return service;
}

const statusMessage = (status: number) => new Writer().int(0x08, status).finish();
