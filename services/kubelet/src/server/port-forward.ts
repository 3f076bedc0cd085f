import { apiError } from "@flotilla/api";
import type { PortForwardData } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Kubelet } from "../kubelet.ts";
import { findSandbox } from "./find.ts";
import { CHANNEL, closeChannel, frame, openStream, sendFrame } from "./web-socket.ts";

const DATA = 0;
const ERROR = 1;

/** One connection to a pod's port, through the runtime: it reaches what listens on the pod's own 127.0.0.1 too. */
export async function servePortForward(
  kubelet: Kubelet,
  call: ServerDuplexStream<PortForwardData, PortForwardData>,
  first: PortForwardData,
  signal: AbortSignal,
): Promise<void> {
  const sandbox = await findSandbox(kubelet, first.namespace, first.pod);
  const socket = await openStream(await kubelet.kit.runtime.portForward(sandbox.id, first.port));
  if (signal.aborted) return socket.terminate();
  signal.addEventListener("abort", () => socket.terminate(), { once: true });
  const resume = () => socket.resume();
  const greeted = new Set<number>();
  let failure = "";
  const ended = new Promise<void>((resolve) => {
    socket.on("message", (raw) => {
      const { channel, body } = frame(raw);
      // The first frame of a channel only names the port.
      if (channel <= ERROR && !greeted.has(channel)) return void greeted.add(channel);
      if (channel === ERROR) failure += body.toString("utf8");
      if (channel === CHANNEL.close && body[0] === DATA) return resolve();
      if (channel !== DATA || body.length === 0) return;
      if (!call.write({ namespace: "", pod: "", port: 0, data: body })) {
        socket.pause();
        call.once("drain", resume);
      }
    });
    socket.on("error", () => socket.terminate());
    socket.once("close", () => resolve());
  });
  const send = (data: Uint8Array) =>
    sendFrame(
      socket,
      DATA,
      data,
      () => call.pause(),
      () => call.resume(),
    );
  if (first.data.length > 0) send(first.data);
  call.on("data", (message: PortForwardData) => send(message.data));
  call.on("end", () => closeChannel(socket, DATA));
  call.resume();
  socket.resume();
  await ended;
  socket.close();
  if (failure) throw apiError("InternalError", failure);
}
