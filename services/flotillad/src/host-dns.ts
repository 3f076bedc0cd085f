import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import type { Clock } from "@flotilla/base";
import { listenUnix } from "./forward.ts";

const HEADER_BYTES = 2;
const QUESTION_BYTES_MAX = 4096;
/** Two tries for each server, as resolv.conf(5) has by default; shorter, since somebody waits inside too. */
const TRY_TIMEOUT_MS = 2000;
const DNS_PORT = 53;

/** The `nameserver` lines of resolv.conf(5). */
export function nameServers(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+([0-9a-fA-F.:]+)\s*$/gm)].map((match) => match[1]!);
}

/**
 * Asks the host's own name servers on behalf of the cluster, whose network does
 * not reach them: framed questions on a unix socket, UDP to the servers.
 */
export async function serveHostDns(path: string, clock: Clock, resolvConf = "/etc/resolv.conf"): Promise<Server> {
  const server = createServer((client) => {
    let seen = Buffer.alloc(0);
    client.on("error", () => client.destroy());
    client.on("data", (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      if (seen.length < HEADER_BYTES) return;
      const size = seen.readUInt16BE(0);
      if (size > QUESTION_BYTES_MAX) return void client.destroy();
      if (seen.length < HEADER_BYTES + size) return;
      client.pause();
      askInTurn(clock, servers(resolvConf), seen.subarray(HEADER_BYTES, HEADER_BYTES + size)).then(
        (answer) => {
          const header = Buffer.alloc(HEADER_BYTES);
          header.writeUInt16BE(answer.length);
          client.end(Buffer.concat([header, answer]));
        },
        () => client.destroy(),
      );
    });
  });
  await listenUnix(server, path);
  return server;
}

/** Read each time: laptops change networks. */
function servers(resolvConf: string): string[] {
  try {
    return nameServers(readFileSync(resolvConf, "utf8"));
  } catch {
    return [];
  }
}

async function askInTurn(clock: Clock, servers: readonly string[], question: Buffer): Promise<Buffer> {
  for (const server of servers) {
    const answer = await askOne(clock, server, question).catch(() => undefined);
    if (answer) return answer;
  }
  return failure(question);
}

/** SERVFAIL at once is better than silence: resolvers inside then need not wait. */
export function failure(question: Buffer): Buffer {
  const answer = Buffer.from(question);
  if (answer.length < 4) return answer;
  answer[2] = answer[2]! | 0x80;
  answer[3] = 0x80 | 2;
  return answer;
}

function askOne(clock: Clock, server: string, question: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const udp = createSocket(server.includes(":") ? "udp6" : "udp4");
    const timer = clock.setTimeout(() => done(new Error(`${server}: no answer`)), TRY_TIMEOUT_MS);
    const done = (result: Error | Buffer) => {
      timer.cancel();
      udp.close();
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    udp.once("error", done);
    udp.on("message", (answer) => {
      // Another answer than ours: a late or forged one.
      if (answer.length >= 2 && answer.readUInt16BE(0) === question.readUInt16BE(0)) done(answer);
    });
    udp.connect(DNS_PORT, server, () => udp.send(question));
  });
}
