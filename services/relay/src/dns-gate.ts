import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { connect } from "node:net";
import type { Clock, Logger } from "@flotilla/base";
import type { Backend } from "./backends.ts";

/** Questions on the way at once; more are dropped, as a full UDP buffer would. */
const PENDING_MAX = 256;
const TIMEOUT_MS = 6000;
const HEADER_BYTES = 2;

/**
 * The cluster's way to names outside of it: takes DNS questions by UDP inside the
 * cluster's network, and hands each over a unix socket, which crosses network
 * namespaces, framed as DNS over TCP is (RFC 1035, 4.2.2).
 */
export async function serveDnsGate(clock: Clock, log: Logger, listen: Backend, socketPath: string): Promise<UdpSocket> {
  const udp = createSocket("udp4");
  let pending = 0;
  udp.on("message", (question, from) => {
    if (pending >= PENDING_MAX) return;
    pending++;
    ask(clock, socketPath, question)
      .then(
        (answer) => reply(udp, answer, from),
        (error) => log.debug("no answer from outside", { error }),
      )
      .finally(() => pending--);
  });
  udp.on("error", (error) => log.error("DNS gate failed", { error }));
  await new Promise<void>((resolve) => udp.bind(listen.port, listen.host, resolve));
  return udp;
}

function reply(udp: UdpSocket, answer: Buffer, to: RemoteInfo): void {
  udp.send(answer, to.port, to.address, () => {});
}

function ask(clock: Clock, path: string, question: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const timer = clock.setTimeout(() => socket.destroy(new Error("no answer in time")), TIMEOUT_MS);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(question.length);
    socket.write(Buffer.concat([header, question]));
    let seen = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      if (seen.length < HEADER_BYTES || seen.length < HEADER_BYTES + seen.readUInt16BE(0)) return;
      resolve(seen.subarray(HEADER_BYTES, HEADER_BYTES + seen.readUInt16BE(0)));
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      timer.cancel();
      reject(new Error("closed without an answer"));
    });
  });
}
