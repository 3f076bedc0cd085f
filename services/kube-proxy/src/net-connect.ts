import net from "node:net";
import type { Clock } from "@flotilla/base";
import type { Balancer } from "./balancer.ts";
import { DIAL_TIMEOUTS_MS, splitHostPort } from "./dial.ts";

/**
 * Connects to the best endpoint that answers. Calls `done` once, with undefined when
 * none did or the client left meanwhile.
 */
export function connectBackend(
  client: net.Socket,
  balancer: Balancer,
  clock: Clock,
  done: (backend: net.Socket | undefined) => void,
): void {
  const clientIp = client.remoteAddress ?? "";
  const candidates = balancer.candidates(clientIp);
  const attempt = (index: number): void => {
    const target = candidates.length > 0 ? candidates[index % candidates.length] : undefined;
    if (target === undefined || index >= DIAL_TIMEOUTS_MS.length || client.destroyed) {
      done(undefined);
      return;
    }
    const { host, port } = splitHostPort(target);
    const socket = net.connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true });
    const timer = clock.setTimeout(() => failed(), DIAL_TIMEOUTS_MS[index]!);
    const failed = () => {
      timer.cancel();
      socket.destroy();
      balancer.failed(target);
      attempt(index + 1);
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      timer.cancel();
      socket.removeListener("error", failed);
      balancer.succeeded(clientIp, target);
      done(socket);
    });
  };
  attempt(0);
}
