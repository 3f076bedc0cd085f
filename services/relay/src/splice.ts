import { connect, type Socket } from "node:net";
import type { Clock } from "@flotilla/base";

/** Copies both ways until both sides have ended; one side's failure ends the other. */
export function splice(a: Socket, b: Socket): void {
  a.setNoDelay(true);
  b.setNoDelay(true);
  a.on("error", () => b.destroy());
  b.on("error", () => a.destroy());
  a.on("close", () => b.destroy());
  b.on("close", () => a.destroy());
  a.pipe(b);
  b.pipe(a);
}

/** @throws Error when nobody answers within `timeout_ms`. */
export function dial(clock: Clock, host: string, port: number, timeout_ms: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const timer = clock.setTimeout(() => fail(new Error(`connect ${host}:${port}: no answer in ${timeout_ms} ms`)), timeout_ms);
    const fail = (error: Error) => {
      timer.cancel();
      socket.destroy();
      reject(error);
    };
    socket.once("error", fail);
    socket.once("connect", () => {
      timer.cancel();
      socket.off("error", fail);
      resolve(socket);
    });
  });
}
