import { apiError } from "@flotilla/api";
import type { ExecInput, ExecOutput, ExecStart } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Kubelet } from "../kubelet.ts";
import { findRunning } from "./find.ts";
import { CHANNEL, closeChannel, frame, openStream, sendFrame } from "./web-socket.ts";

export type ExecCall = ServerDuplexStream<ExecInput, ExecOutput>;

/** The runtime's URL for what the first message asks. @throws ApiError */
async function streamUrl(kubelet: Kubelet, start: ExecStart, attach: boolean): Promise<string> {
  const container = await findRunning(kubelet, start.namespace, start.pod, start.container);
  const { stdin, stdout, tty } = start;
  // With a terminal there is one output.
  const stderr = start.stderr && !tty;
  const { runtime } = kubelet.kit;
  if (attach) return runtime.attach({ containerId: container.id, stdin, stdout, stderr, tty });
  return runtime.exec({ containerId: container.id, cmd: start.command, stdin, stdout, stderr, tty });
}

/** Pumps between a gRPC stream and the runtime's WebSocket until the command ends; its status is the last message. */
export async function serveExec(kubelet: Kubelet, call: ExecCall, start: ExecStart, attach: boolean, signal: AbortSignal): Promise<void> {
  const socket = await openStream(await streamUrl(kubelet, start, attach));
  if (signal.aborted) return socket.terminate();
  signal.addEventListener("abort", () => socket.terminate(), { once: true });
  const resume = () => socket.resume();
  let told = false;
  const ended = new Promise<void>((resolve) => {
    socket.on("message", (data) => {
      const { channel, body } = frame(data);
      const output = outputOf(channel, body);
      if (!output) return;
      if (output.output?.$case === "status") told = true;
      if (!call.write(output)) {
        socket.pause();
        call.once("drain", resume);
      }
    });
    socket.on("error", () => socket.terminate());
    socket.once("close", () => resolve());
  });
  call.on("data", (input: ExecInput) => forward(input, call, socket));
  call.on("end", () => closeChannel(socket, CHANNEL.stdin));
  call.resume();
  socket.resume();
  await ended;
  if (told || signal.aborted) return;
  const status = apiError("InternalError", "the container runtime closed the stream").status;
  call.write({ output: { $case: "status", value: Buffer.from(JSON.stringify(status)) } });
}

function outputOf(channel: number, value: Buffer): ExecOutput | undefined {
  if (channel === CHANNEL.error) return { output: { $case: "status", value } };
  if (value.length === 0) return undefined;
  if (channel === CHANNEL.stdout) return { output: { $case: "stdout", value } };
  if (channel === CHANNEL.stderr) return { output: { $case: "stderr", value } };
  return undefined;
}

function forward(input: ExecInput, call: ExecCall, socket: Awaited<ReturnType<typeof openStream>>): void {
  const hold = () => call.pause();
  const go = () => call.resume();
  const message = input.input;
  if (message?.$case === "stdin") sendFrame(socket, CHANNEL.stdin, message.value, hold, go);
  else if (message?.$case === "stdinEof") closeChannel(socket, CHANNEL.stdin);
  else if (message?.$case === "resize") {
    const { width, height } = message.value;
    sendFrame(socket, CHANNEL.resize, Buffer.from(JSON.stringify({ Width: width, Height: height })), hold, go);
  }
}
