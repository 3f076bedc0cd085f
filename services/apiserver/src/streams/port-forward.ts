import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { apiError, type ResourceDefinition } from "@flotilla/api";
import { type NodeClient, PortForwardData } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import { createWebSocketStream, WebSocketServer } from "ws";
import type { Operation } from "../registry/dispatch.ts";
import type { Kernel } from "../registry/kernel.ts";
import type { Call, Reply } from "../request/call.ts";
import { type KubeletClient, kubeletError } from "./kubelet-client.ts";
import { podTarget } from "./pod-target.ts";
import { SpdyConnection, type SpdyStream } from "./spdy.ts";
import { forwardByChannels, offersChannels, portsOf } from "./websocket-port-forward.ts";

const TUNNEL = "SPDY/3.1+portforward.k8s.io";
const PROTOCOL = "portforward.k8s.io";

const tunnels = new WebSocketServer({ noServer: true, perMessageDeflate: false });
// The protocol's name has a slash, which the library's strict parser refuses: the header is taken out before and put in here.
tunnels.on("headers", (headers) => headers.push(`Sec-WebSocket-Protocol: ${TUNNEL}`));

/** pods/NAME/portforward: a WebSocket with channels for each port, or SPDY streams, raw or inside a WebSocket; each pair of streams is one TCP connection in the pod. */
export function portForwardOperation(kubelets: KubeletClient): Operation {
  return async (kernel: Kernel, call: Call, def: ResourceDefinition): Promise<Reply> => {
    const { pod, node } = await podTarget(kernel, call, def);
    if (pod.status?.phase !== "Running")
      throw apiError("BadRequest", `unable to forward port because pod is not running. Current status=${pod.status?.phase}`);
    const client = kubelets.of(node);
    const target = { namespace: call.info.namespace, pod: call.info.name };
    return {
      type: "upgrade",
      async handle(request, socket, head) {
        if (offersChannels(request)) return forwardByChannels(request, socket, head, client, target, portsOf(call.query));
        const { transport, rest } = await accept(request, socket, head);
        const pairs = new Map<string, SpdyStream>();
        const connection = new SpdyConnection(transport, rest, (stream) => opened(connection, client, target, pairs, stream));
      },
    };
  };
}

async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<{ transport: Duplex; rest: Buffer }> {
  const upgrade = (request.headers.upgrade ?? "").toLowerCase();
  if (upgrade === "websocket") {
    if (!(request.headers["sec-websocket-protocol"] ?? "").includes(TUNNEL))
      throw apiError("BadRequest", `unable to upgrade: only ${TUNNEL} is supported over WebSocket`);
    delete request.headers["sec-websocket-protocol"];
    const connection = await new Promise<Parameters<typeof createWebSocketStream>[0]>((resolve) =>
      tunnels.handleUpgrade(request, socket, head, resolve),
    );
    return { transport: createWebSocketStream(connection, {}), rest: Buffer.alloc(0) };
  }
  if (upgrade !== "spdy/3.1") throw apiError("BadRequest", `unable to upgrade: ${upgrade || "no protocol"} is not supported`);
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${PROTOCOL}\r\n\r\n`,
  );
  return { transport: socket, rest: head };
}

/** The error stream of a connection comes first, then its data stream with the same requestid. */
function opened(
  connection: SpdyConnection,
  client: NodeClient,
  target: { namespace: string; pod: string },
  errors: Map<string, SpdyStream>,
  stream: SpdyStream,
): void {
  const id = stream.headers.get("requestid") ?? "";
  if (stream.headers.get("streamtype") === "error") {
    stream.onData(() => {});
    errors.set(id, stream);
    return;
  }
  const error = errors.get(id);
  errors.delete(id);
  const port = Number(stream.headers.get("port"));
  if (!error) {
    stream.end();
    connection.forget(stream);
    return;
  }
  const finish = (text: string) => {
    if (text !== "") error.write(Buffer.from(text));
    stream.end();
    error.end();
    connection.forget(stream);
    connection.forget(error);
  };
  if (!Number.isInteger(port) || port < 1 || port > 65535) finish(`invalid port ${stream.headers.get("port")}`);
  else forward(connection, client.portForward(), { ...target, port }, stream, finish);
}

function forward(
  connection: SpdyConnection,
  call: ReturnType<NodeClient["portForward"]>,
  target: { namespace: string; pod: string; port: number },
  stream: SpdyStream,
  finish: (error: string) => void,
): void {
  let finished = false;
  const done = (error: string) => {
    if (!finished) finish(error);
    finished = true;
  };
  call.write(PortForwardData.fromPartial(target));
  stream.onData((data) => {
    if (call.write(PortForwardData.fromPartial({ data }))) return;
    connection.hold(call);
    call.once("drain", () => connection.release(call));
  });
  stream.onEnd(() => call.end());
  call.on("data", ({ data }: PortForwardData) => {
    if (!stream.write(data)) {
      call.pause();
      connection.onDrainOnce(() => call.resume());
    }
  });
  call.on("end", () => done(""));
  call.on("error", (error) => done(`error forwarding port ${target.port} to pod ${target.pod}: ${kubeletError(error).message}`));
  connection.onClose(() => {
    finished = true;
    call.cancel();
  });
}
