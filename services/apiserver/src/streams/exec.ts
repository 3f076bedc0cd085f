import type { Status } from "@flotilla/api";
import type { NodeClient } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import { ExecInput, type ExecOutput, type ExecStart } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import { kubeletError } from "./kubelet-client.ts";

/** The client's side of an exec or attach, whatever the protocol. */
export interface ExecClient {
  /** False: the client is slow, wait for onDrain. */
  stdout(data: Buffer): boolean;
  stderr(data: Buffer): boolean;
  /** Sends the outcome and closes. */
  finish(status: Status): void;
  onStdin(listener: (data: Buffer) => void): void;
  onStdinEnd(listener: () => void): void;
  onResize(listener: (size: { width: number; height: number }) => void): void;
  onDrain(listener: () => void): void;
  onClose(listener: () => void): void;
  /** Stops and restarts reading from the client. */
  pause(): void;
  resume(): void;
}

const SUCCESS: Status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 200 };

/** Joins a client with the kubelet's stream; resolves when either side has ended it. */
export function runExec(node: NodeClient, start: ExecStart, client: ExecClient): Promise<void> {
  const call = start.command.length > 0 ? node.exec() : node.attach();
  return new Promise((resolve) => {
    let finished = false;
    const finish = (status: Status) => {
      if (!finished) client.finish(status);
      finished = true;
      resolve();
    };
    const send = (input: ExecInput["input"]) => {
      if (call.write(ExecInput.create({ input } as Parameters<typeof ExecInput.create>[0]))) return;
      client.pause();
      call.once("drain", () => client.resume());
    };
    send({ $case: "start", value: start });
    client.onStdin((value) => send({ $case: "stdin", value }));
    client.onStdinEnd(() => send({ $case: "stdinEof", value: true }));
    client.onResize((value) => send({ $case: "resize", value }));
    client.onDrain(() => call.resume());
    client.onClose(() => {
      finished = true;
      call.cancel();
      resolve();
    });
    call.on("data", ({ output }: ExecOutput) => {
      if (output?.$case === "status") finish(parseStatus(output.value));
      else if (output && !(output.$case === "stdout" ? client.stdout(output.value) : client.stderr(output.value))) call.pause();
    });
    call.on("end", () => finish(SUCCESS));
    call.on("error", (error) => finish(kubeletError(error).status));
  });
}

function parseStatus(bytes: Buffer): Status {
  try {
    return JSON.parse(bytes.toString()) as Status;
  } catch {
    return { ...SUCCESS, status: "Failure", message: "the kubelet sent a malformed status", code: 500 };
  }
}
