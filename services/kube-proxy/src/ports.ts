import type { Balancer } from "./balancer.ts";

/** An open listening socket. */
export interface Listening {
  /** Backends changed; relays of connections to endpoints that left go on, datagram flows end. */
  changed(): void;
  /** Stops accepting; established connections drain. */
  close(): void;
}

/** Opens sockets; the real one is net and dgram, a test's one memory. Rejects with a Node system error. */
export interface Sockets {
  listen(protocol: "TCP" | "UDP", address: string, port: number, balancer: Balancer): Promise<Listening>;
}
