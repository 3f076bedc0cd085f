import { spawn } from "node:child_process";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { criErrors } from "../errors.ts";
import { TOOL_ENV, tool } from "./tools.ts";

/** Connects from inside the namespace, for servers that listen on the pod's loopback only. */
const BRIDGE = `
const s = require("node:net").connect(Number(process.argv[1]), "127.0.0.1", () => { process.stdout.write("+"); process.stdin.pipe(s); s.pipe(process.stdout); });
s.on("error", (e) => { process.stdout.write("-" + e.message); process.exitCode = 1; process.stdin.destroy(); });`;

export function dialHost(host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** 127.0.0.1:`port` in the network namespace at `netns`; `ip` is tried first, since it costs no process. */
export async function dialPod(netns: string, ip: string | undefined, port: number): Promise<Duplex> {
  if (ip) {
    const socket = await dialHost(ip, port).catch(() => undefined);
    if (socket) return socket;
  }
  const child = spawn(tool("nsenter"), [`--net=${netns}`, "--", process.execPath, "-e", BRIDGE, String(port)], {
    env: TOOL_ENV,
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => {});
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.stdout.once("end", () => reject(criErrors.failed(`port ${port}`, "connection closed")));
    child.stdout.once("data", (first: Buffer) => {
      if (first[0] !== 0x2b)
        return reject(criErrors.failed(`failed to connect to localhost:${port} inside the pod`, first.subarray(1).toString()));
      child.stdout.pause();
      if (first.length > 1) child.stdout.unshift(first.subarray(1));
      const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin });
      duplex.once("close", () => child.kill("SIGKILL"));
      resolve(duplex);
    });
  });
}
