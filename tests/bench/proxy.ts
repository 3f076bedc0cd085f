// Relayed HTTP: kube-proxy against HAProxy (mode tcp, one thread), same backend, same load, taking turns.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ok, run } from "../support/run.ts";
import { median, round } from "./measure.ts";

const CONNECTIONS = 50;
const SECONDS = 3;

const backendConfig = (backend: number) => `
global
  maxconn 4000
  nbthread 1
defaults
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend web
  mode http
  bind 127.0.0.1:${backend}
  http-request return status 200 content-type text/plain string "hello"
`;

const relayConfig = (backend: number, front: number) => `
global
  maxconn 4000
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen relay
  bind 127.0.0.1:${front}
  server web 127.0.0.1:${backend}
`;

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answers(port: number): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const reply = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (reply?.ok) return;
    await delay(50);
  }
  throw new Error(`nothing answers on port ${port}`);
}

/** Requests per second, and none may fail. */
async function load(port: number, keepAlive: boolean): Promise<number> {
  const header = keepAlive ? [] : ["-H", "Connection: close"];
  const text = await ok("wrk", ["-t1", `-c${CONNECTIONS}`, `-d${SECONDS}s`, ...header, `http://127.0.0.1:${port}/`]);
  // wrk counts the close that ends each reply as a read error only when bytes are missing.
  if (/Non-2xx|connect [1-9]|timeout [1-9]/.test(text)) throw new Error(`requests failed:\n${text}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(text)![1]);
}

/** Needs wrk and haproxy (Debian has both); says which is missing. */
export default async function bench(args: string[] = []): Promise<Record<string, unknown>> {
  for (const tool of ["wrk", "haproxy"]) {
    if ((await run("which", [tool])).code !== 0) throw new Error(`${tool} is not installed: apt-get install ${tool}`);
  }
  const runs = Number(args[0] ?? 5);
  const folder = mkdtempSync(join(tmpdir(), "flotilla-proxy-"));
  const children: ChildProcess[] = [];
  const start = (command: string, ...words: string[]) => children.push(spawn(command, words, { stdio: ["ignore", "ignore", "inherit"] }));
  try {
    const [backend, haproxy, ours] = [await freePort(), await freePort(), await freePort()];
    writeFileSync(join(folder, "backend.cfg"), backendConfig(backend));
    writeFileSync(join(folder, "relay.cfg"), relayConfig(backend, haproxy));
    start("haproxy", "-db", "-q", "-f", join(folder, "backend.cfg"));
    start("haproxy", "-db", "-q", "-f", join(folder, "relay.cfg"));
    start(process.execPath, fileURLToPath(new URL("./proxy-child.ts", import.meta.url)), String(ours), `127.0.0.1:${backend}`);
    for (const port of [backend, haproxy, ours]) await answers(port);
    const figures = {
      keepAlive: { haproxy: [] as number[], ours: [] as number[] },
      connections: { haproxy: [] as number[], ours: [] as number[] },
    };
    for (let i = 0; i < runs; i++) {
      for (const [name, keepAlive] of [
        ["keepAlive", true],
        ["connections", false],
      ] as const) {
        figures[name].haproxy.push(await load(haproxy, keepAlive));
        figures[name].ours.push(await load(ours, keepAlive));
      }
    }
    const { keepAlive, connections } = figures;
    return {
      runs,
      clients: CONNECTIONS,
      keepAlive_rps: round(median(keepAlive.ours), 0),
      haproxyKeepAlive_rps: round(median(keepAlive.haproxy), 0),
      keepAliveRatio: round(median(keepAlive.ours) / median(keepAlive.haproxy)),
      connections_rps: round(median(connections.ours), 0),
      haproxyConnections_rps: round(median(connections.haproxy), 0),
      connectionsRatio: round(median(connections.ours) / median(connections.haproxy)),
    };
  } finally {
    for (const child of children) child.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
}
