// The API as a client without kubectl's start-up time sees it: one kept-alive TLS connection.
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import type { Socket } from "node:net";
import { parse } from "yaml";

export interface Reply {
  status: number;
  body: any;
}

export class ApiAccess {
  private readonly server: URL;
  private readonly identity: { ca: Buffer; cert: Buffer; key: Buffer };
  readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(kubeconfig: string) {
    const config = parse(readFileSync(kubeconfig, "utf8"));
    const { cluster } = config.clusters[0];
    const { user } = config.users[0];
    const decode = (text: string) => Buffer.from(text, "base64");
    this.server = new URL(cluster.server);
    this.identity = {
      ca: decode(cluster["certificate-authority-data"]),
      cert: decode(user["client-certificate-data"]),
      key: decode(user["client-key-data"]),
    };
  }

  call(method: string, path: string, body?: unknown): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const req = request(
        {
          host: this.server.hostname,
          port: this.server.port,
          path,
          method,
          agent: this.agent,
          ...this.identity,
          headers: { "content-type": "application/json", accept: "application/json" },
          timeout: 2000,
        },
        (res) => {
          const chunks: Buffer[] = [];
          res.on("data", (chunk) => chunks.push(chunk));
          res.on("end", () => resolve({ status: res.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString() || "null") }));
          res.on("error", reject);
        },
      );
      req.on("timeout", () => req.destroy(new Error("timed out")));
      req.on("error", reject);
      req.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** One write of a ConfigMap; rejects on any failure. */
  async write(name: string): Promise<void> {
    const { status } = await this.call("POST", "/api/v1/namespaces/default/configmaps", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name },
    });
    if (status !== 201 && status !== 409) throw new Error(`HTTP ${status}`);
  }

  /** The idle connection that the next call will use. */
  idleSocket(): Socket | undefined {
    return Object.values(this.agent.freeSockets)[0]?.[0];
  }

  close(): void {
    this.agent.destroy();
  }
}
