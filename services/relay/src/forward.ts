import type { Socket } from "node:net";
import type { Clock } from "@flotilla/base";
import { parseBackend } from "./backends.ts";
import { dial, splice } from "./splice.ts";

const LINE_BYTES_MAX = 256;
const DIAL_TIMEOUT_MS = 3000;

/**
 * The way into the cluster's network for flotillad, which stands outside of it:
 * one line `CONNECT host:port`, answered by `OK` or `ERROR why`, then bytes.
 */
export async function handleForward(client: Socket, clock: Clock): Promise<void> {
  client.on("error", () => client.destroy());
  const line = await readLine(client);
  const target = /^CONNECT (\S+)$/.exec(line ?? "")?.[1];
  if (!target) return void client.end("ERROR expected CONNECT host:port\n");
  try {
    const { host, port } = parseBackend(target);
    const upstream = await dial(clock, host, port, DIAL_TIMEOUT_MS);
    client.write("OK\n");
    splice(client, upstream);
  } catch (error) {
    client.end(`ERROR ${(error as Error).message}\n`);
  }
}

function readLine(client: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0);
    const done = (line?: string) => {
      client.off("readable", read);
      client.off("close", closed);
      resolve(line);
    };
    const closed = () => done();
    const read = () => {
      for (let chunk = client.read() as Buffer | null; chunk; chunk = client.read() as Buffer | null) {
        seen = Buffer.concat([seen, chunk]);
        const at = seen.indexOf(10);
        if (at >= 0) {
          if (at + 1 < seen.length) client.unshift(seen.subarray(at + 1));
          return done(seen.subarray(0, at).toString("utf8"));
        }
        if (seen.length > LINE_BYTES_MAX) return done();
      }
    };
    client.on("readable", read);
    client.on("close", closed);
  });
}
