import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { type Clock, sleep } from "@flotilla/base";
import { unary } from "@flotilla/rpc";
import { ControlClient, type Progress } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import { type ClientReadableStream, credentials, type ServiceError, status } from "@grpc/grpc-js";
import type { Display } from "./display.ts";
import type { Settings, Surroundings } from "./settings.ts";

/** What flotillad refused or could not do; `usage` when the request itself was wrong. */
export class ControlError extends Error {
  override name = "ControlError";
  readonly usage: boolean;

  constructor(message: string, usage: boolean) {
    super(message);
    this.usage = usage;
  }
}

export function toControlError(error: unknown): Error {
  const { code, details } = error as Partial<ServiceError>;
  if (code === undefined || details === undefined) return error as Error;
  if (code === status.UNAVAILABLE) return new ControlError("flotillad ended meanwhile; see its log, or run the command again", false);
  return new ControlError(details, code === status.INVALID_ARGUMENT);
}

const START_PATIENCE_MS = 15_000;

/** The connection to a cluster's flotillad. */
export class Control {
  readonly client: ControlClient;

  private constructor(socket: string) {
    this.client = new ControlClient(`unix:${socket}`, credentials.createInsecure());
  }

  /** Starts flotillad when it does not run. */
  static async open(settings: Settings, around: Surroundings, clock: Clock): Promise<Control> {
    if (!(await answers(settings.controlSocket))) await startDaemon(settings, around, clock);
    return new Control(settings.controlSocket);
  }

  call<Q, R>(method: (this: ControlClient, ...args: any[]) => any, request: Q): Promise<R> {
    return unary<Q, R>(method.bind(this.client), request).catch((error) => {
      throw toControlError(error);
    });
  }

  /** Runs a call that tells its progress. */
  async follow(stream: ClientReadableStream<Progress>, display: Display): Promise<void> {
    try {
      for await (const event of stream) display.show(event as Progress);
    } catch (error) {
      throw toControlError(error);
    } finally {
      display.close();
    }
  }

  close(): void {
    this.client.close();
  }
}

export const clusterExists = (settings: Settings): boolean => existsSync(join(settings.stateDir, "cluster.json"));

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function startDaemon(settings: Settings, around: Surroundings, clock: Clock): Promise<void> {
  mkdirSync(dirname(settings.daemonLog), { recursive: true });
  const log = openSync(settings.daemonLog, "a");
  const args = [join(around.dist, "flotillad.mjs"), `--state-dir=${settings.stateDir}`, `--dist-dir=${around.dist}`];
  if (around.dockerHost?.startsWith("unix://")) args.push(`--docker-endpoint=${around.dockerHost}`);
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env: { PATH: around.path, HOME: around.home, NODE_COMPILE_CACHE: join(around.dist, ".compile-cache") },
  });
  closeSync(log);
  child.unref();
  const end_ms = clock.monotonic() + START_PATIENCE_MS;
  while (!(await answers(settings.controlSocket))) {
    if (child.exitCode !== null || clock.monotonic() > end_ms) {
      const tail = readFileSync(settings.daemonLog, "utf8").trim().split("\n").slice(-3).join("\n");
      throw new Error(`flotillad did not start; the end of ${settings.daemonLog}:\n${tail}`);
    }
    await sleep(clock, 20);
  }
}
