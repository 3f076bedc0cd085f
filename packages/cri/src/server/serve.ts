import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock, Logger, Random } from "@flotilla/base";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { Backend } from "../backend.ts";
import { criErrors } from "../errors.ts";
import { multiplex } from "../multiplex.ts";
import { createStreamingServer } from "../streaming/server.ts";
import { addCriServices } from "./service.ts";

export interface CriServerConfig {
  /** A unix socket: "unix:///path" or "/path". */
  listen: string;
  defaultHandler: string;
  streamingAddress: string;
}

export interface CriServerPorts {
  clock: Clock;
  random: Random;
  log: Logger;
}

const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
const CLOSE_LIMIT_MS = 2000;

/** Serves CRI v1 for the given handlers on a unix socket, with the streaming server beside it. */
export async function serveCri(ports: CriServerPorts, config: CriServerConfig, backends: Backend[]): Promise<{ stop(): Promise<void> }> {
  const path = config.listen.replace(/^unix:(\/\/)?/, "");
  if (!path.startsWith("/")) throw criErrors.invalid(`--listen takes unix:///path, not ${JSON.stringify(config.listen)}`);
  const runtime = multiplex(backends, config.defaultHandler);
  const streaming = await createStreamingServer(ports, config.streamingAddress);
  const server = new Server({ "grpc.max_receive_message_length": MESSAGE_BYTES_MAX, "grpc.max_send_message_length": MESSAGE_BYTES_MAX });
  addCriServices(server, runtime, streaming, ports.log);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true }); // left over by a killed predecessor
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix://${path}`, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()));
  });
  ports.log.info("serving", { listen: path, handlers: backends.map((b) => b.handler), default: config.defaultHandler });
  return {
    async stop() {
      streaming.close();
      await new Promise<void>((resolve) => {
        const timer = ports.clock.setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, CLOSE_LIMIT_MS);
        server.tryShutdown(() => {
          timer.cancel();
          resolve();
        });
      });
      await runtime.close();
    },
  };
}
