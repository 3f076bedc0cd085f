import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import { join } from "node:path";
import type { Harness } from "./harness.ts";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Parsed JSON where it is some. */
  body: any;
}

export interface WatchedEvent {
  type: string;
  object: any;
}

/** Plain HTTPS as one of the harness's users: for what kubectl does not show. */
export class Rest {
  readonly agent: Agent;
  private readonly harness: Harness;

  constructor(harness: Harness, user: "admin" | "jane" = "admin") {
    const file = (name: string) => readFileSync(join(harness.folder, name));
    this.harness = harness;
    this.agent = new Agent({ keepAlive: true, ca: file("ca.crt"), cert: file(`${user}.crt`), key: file(`${user}.key`) });
  }

  call(
    method: string,
    path: string,
    body?: unknown,
    options: { replica?: number; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const headers = { ...(body === undefined ? {} : { "content-type": "application/json" }), ...options.headers };
    return new Promise((resolve, reject) => {
      const call = request(this.target(method, path, headers, options.replica), (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: parse(Buffer.concat(chunks).toString()) }),
        );
      });
      call.on("error", reject);
      call.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
    });
  }

  /** Resolves when the watch has ended, or `enough` says so. */
  watch(path: string, enough: (events: WatchedEvent[]) => boolean, replica = 0): Promise<{ events: WatchedEvent[]; ended: boolean }> {
    const events: WatchedEvent[] = [];
    return new Promise((resolve, reject) => {
      const call = request(this.target("GET", path, {}, replica), (response) => {
        let rest = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          const lines = (rest + text).split("\n");
          rest = lines.pop()!;
          for (const line of lines) events.push(JSON.parse(line));
          if (!enough(events)) return;
          resolve({ events, ended: false });
          call.destroy();
        });
        response.on("end", () => resolve({ events, ended: true }));
        response.on("error", () => resolve({ events, ended: true }));
      });
      call.on("error", reject);
      call.end();
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private target(method: string, path: string, headers: Record<string, string>, replica = 0) {
    return { host: "127.0.0.1", port: this.harness.port(replica), method, path, headers, agent: this.agent };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
