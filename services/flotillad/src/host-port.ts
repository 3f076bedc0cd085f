import { createServer, type Server } from "node:net";
import type { InheritedDescriptor } from "./processes/supervised.ts";

const HOST = "127.0.0.1";
const TRIES = 200;

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: HOST, port, exclusive: true }, () => resolve(server));
  });
}

/** A listening socket together with its port. */
export interface HeldPort extends InheritedDescriptor {
  port: number;
}

/**
 * The first free port at or after `wanted`, held from now on: another cluster that
 * starts at the same moment must choose another. @throws Error when the next 200 are taken
 */
export async function choosePort(wanted: number): Promise<HeldPort> {
  for (let port = wanted; port < wanted + TRIES; port++) {
    const held = await listeningDescriptor(port).catch(() => undefined);
    if (held) return { ...held, port };
  }
  throw new Error(`no free port on ${HOST} from ${wanted} to ${wanted + TRIES - 1}: give one with --api-port`);
}

/**
 * A listening socket for a process that runs in another network namespace: a
 * socket belongs to the namespace it was made in, so connections to the host's
 * port arrive there with no hop between.
 */
export async function listeningDescriptor(port: number): Promise<InheritedDescriptor> {
  const server = await listen(port);
  // Whoever connects before it is handed on may try again.
  server.on("connection", (socket) => socket.destroy());
  const handle = (server as unknown as { _handle: { fd: number } })._handle;
  return { fd: handle.fd, release: () => void server.close() };
}
