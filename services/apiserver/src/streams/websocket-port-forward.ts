import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { apiError } from "@flotilla/api";
import { type NodeClient, PortForwardData } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import { type WebSocket, WebSocketServer } from "ws";
import { kubeletError } from "./kubelet-client.ts";

const PROTOCOL = "v4.channel.k8s.io";
const NORMAL_CLOSURE = 1000;
const UNSENT_BYTES_MAX = 1024 * 1024;
const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;
/** Two channels each, and a channel's number is one byte. */
const PORTS_MAX = 128;

const server = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  maxPayload: MESSAGE_BYTES_MAX,
  handleProtocols: () => PROTOCOL,
});

export const offersChannels = (request: IncomingMessage): boolean =>
  (request.headers["sec-websocket-protocol"] ?? "").split(/,\s*/).includes(PROTOCOL);

/** ?ports=80&ports=443, or 80,443. @throws ApiError BadRequest */
export function portsOf(query: URLSearchParams): number[] {
  const texts = query.getAll("ports").flatMap((text) => text.split(","));
  if (texts.length === 0) throw apiError("BadRequest", 'query parameter "ports" is required');
  if (texts.length > PORTS_MAX) throw apiError("BadRequest", `at most ${PORTS_MAX} ports can be forwarded at once`);
  return texts.map((text) => {
    const port = Number(text);
    if (!/^\d+$/.test(text) || port > 65_535) throw apiError("BadRequest", `unable to parse ${JSON.stringify(text)} as a port`);
    if (port < 1) throw apiError("BadRequest", `port ${JSON.stringify(text)} must be > 0`);
    return port;
  });
}

/**
 * Port-forward without SPDY (the JavaScript client's, among others): of the i-th port, channel 2i carries data both ways
 * and 2i+1 what went wrong; each begins with its port, two bytes, the lower first. There is one connection for each port.
 */
export function forwardByChannels(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  client: Pick<NodeClient, "portForward">,
  target: { namespace: string; pod: string },
  ports: readonly number[],
): void {
  server.handleUpgrade(request, socket, head, (connection) => {
    connection.on("error", () => {});
    let open = ports.length;
    const ended = () => {
      if (--open === 0) connection.close(NORMAL_CLOSURE);
    };
    const inputs = ports.map((port, index) => forwardOne(connection, client.portForward(), { ...target, port }, 2 * index, ended));
    connection.on("message", (data, isBinary) => {
      const message = data as Buffer;
      if (isBinary && message.length > 1) inputs[message[0]! / 2]?.(message.subarray(1));
    });
  });
}

/** @returns where the client's data for this port goes. */
function forwardOne(
  connection: WebSocket,
  call: ReturnType<NodeClient["portForward"]>,
  target: { namespace: string; pod: string; port: number },
  channel: number,
  ended: () => void,
): (data: Buffer) => void {
  const send = (to: number, data: Uint8Array) => {
    if (connection.readyState !== connection.OPEN) return;
    connection.send(Buffer.concat([Buffer.of(to), data]), () => connection.bufferedAmount < UNSENT_BYTES_MAX && call.resume());
    if (connection.bufferedAmount >= UNSENT_BYTES_MAX) call.pause();
  };
  const port = Buffer.of(target.port & 0xff, target.port >> 8);
  send(channel, port);
  send(channel + 1, port);
  let finished = false;
  const finish = (error: string) => {
    if (finished) return;
    finished = true;
    if (error !== "") send(channel + 1, Buffer.from(error));
    ended();
  };
  call.on("data", ({ data }: PortForwardData) => send(channel, data));
  call.on("end", () => finish(""));
  call.on("error", (error) => finish(`error forwarding port ${target.port} to pod ${target.pod}: ${kubeletError(error).message}`));
  connection.on("close", () => {
    finished = true;
    call.cancel();
  });
  call.write(PortForwardData.fromPartial(target));
  return (data) => {
    if (finished || call.write(PortForwardData.fromPartial({ data }))) return;
    connection.pause();
    call.once("drain", () => connection.resume());
  };
}
