import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";

const ANSWER_BYTES_MAX = 1024;

/** A connection to an address inside the cluster's network, by way of the relay. @throws Error with the relay's reason */
export function connectInside(forwardSocket: string, target: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: forwardSocket, allowHalfOpen: true });
    let seen = Buffer.alloc(0);
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const closed = () => fail(new Error("the relay closed the connection"));
    const read = () => {
      for (let chunk = socket.read() as Buffer | null; chunk; chunk = socket.read() as Buffer | null) {
        seen = Buffer.concat([seen, chunk]);
        const at = seen.indexOf(10);
        if (at < 0 && seen.length < ANSWER_BYTES_MAX) continue;
        const answer = seen.subarray(0, at).toString("utf8");
        if (answer !== "OK") return fail(new Error(answer.replace(/^ERROR /, "")));
        socket.off("readable", read);
        socket.off("error", fail);
        socket.off("close", closed);
        if (at + 1 < seen.length) socket.unshift(seen.subarray(at + 1));
        return resolve(socket);
      }
    };
    socket.once("error", fail);
    socket.once("close", closed);
    socket.on("readable", read);
    socket.write(`CONNECT ${target}\n`);
  });
}

/** A server whose every connection leads to the first of `targets()` that takes it. */
export function forwardServer(forwardSocket: string, targets: () => readonly string[]): Server {
  return createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    client.on("error", () => client.destroy());
    void (async () => {
      for (const target of targets()) {
        const inside = await connectInside(forwardSocket, target).catch(() => undefined);
        if (!inside) continue;
        inside.on("error", () => client.destroy());
        inside.on("close", () => client.destroy());
        client.on("close", () => inside.destroy());
        client.pipe(inside);
        inside.pipe(client);
        return;
      }
      client.destroy();
    })();
  });
}

/** Listens on a unix socket, replacing what a dead predecessor left. */
export async function listenUnix(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
}
