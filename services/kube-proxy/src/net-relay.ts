import type { Socket } from "node:net";

/**
 * Joins two connections: bytes and half-closes cross in both directions, a reset on
 * one side resets the other, and a slow reader slows its writer.
 */
export function relay(client: Socket, backend: Socket): void {
  oneWay(client, backend);
  oneWay(backend, client);
  client.resume();
}

function oneWay(from: Socket, to: Socket): void {
  from.on("data", (chunk) => {
    if (!to.write(chunk)) from.pause();
  });
  to.on("drain", () => from.resume());
  from.on("end", () => to.end());
  from.on("error", () => to.resetAndDestroy());
  from.on("close", () => {
    if (!to.writableEnded) to.destroy();
  });
}
