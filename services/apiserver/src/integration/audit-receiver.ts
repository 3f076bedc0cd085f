import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { issue } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";
import type { Harness } from "./harness.ts";

/** A server that takes audit events over mutual TLS, or refuses them, or is away. */
export class AuditReceiver {
  readonly events: any[] = [];
  /** Events of each post that was taken. */
  readonly batches: number[] = [];
  /** Names in the clients' certificates. */
  readonly clients = new Set<string>();
  refusals = 0;
  /** Posts that are refused from now on. */
  refuse = 0;
  private server: Server | undefined;
  private port = 0;
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get kubeconfig(): string {
    return join(this.folder, "audit-webhook.conf");
  }

  /** Before the API server: its flags name the kubeconfig. */
  async start(): Promise<void> {
    this.server = createServer({ requestCert: true, rejectUnauthorized: true }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (this.refuse > 0) {
          this.refuse--;
          this.refusals++;
          return void response.writeHead(503).end();
        }
        const { kind, apiVersion, items } = JSON.parse(Buffer.concat(chunks).toString());
        if (kind !== "EventList" || apiVersion !== "audit.k8s.io/v1") return void response.writeHead(400).end();
        this.clients.add(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
        this.events.push(...items);
        this.batches.push(items.length);
        response.end("{}");
      });
    });
    await this.listen();
  }

  /** The certificates come with the harness. */
  trust({ authorities }: Harness): void {
    const env = { now_ms: Date.now(), random: systemRandom };
    const own = issue(authorities.ca, { subject: { commonName: "audit" }, usages: ["server"], altNames: ["127.0.0.1"] }, env);
    const client = issue(authorities.ca, { subject: { commonName: "kube-apiserver-audit" }, usages: ["client"] }, env);
    this.server!.setSecureContext({ cert: own.cert, key: own.key, ca: authorities.ca.cert });
    const data = (text: string) => Buffer.from(text).toString("base64");
    const cluster = { server: `https://127.0.0.1:${this.port}/audit`, "certificate-authority-data": data(authorities.ca.cert) };
    const user = { "client-certificate-data": data(client.cert), "client-key-data": data(client.key) };
    const context = { name: "audit", context: { cluster: "audit", user: "audit" } };
    const config = { clusters: [{ name: "audit", cluster }], users: [{ name: "audit", user }], contexts: [context] };
    writeFileSync(this.kubeconfig, JSON.stringify({ kind: "Config", "current-context": "audit", ...config }));
  }

  async away(): Promise<void> {
    this.server!.closeAllConnections();
    await new Promise((resolve) => this.server!.close(resolve));
  }

  async back(): Promise<void> {
    await this.listen();
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  private async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server!.listen(this.port, "127.0.0.1", resolve));
    this.port = (this.server!.address() as { port: number }).port;
  }
}
