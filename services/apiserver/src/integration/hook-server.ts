import { createServer, type Server } from "node:https";
import { issue } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";
import type { Harness } from "./harness.ts";

export type Review = { uid: string; [field: string]: any };

/** A webhook over TLS: each path is answered by its own function. */
export class HookServer {
  readonly asked: { path: string; request: Review }[] = [];
  readonly answers = new Map<string, (request: Review) => object | Promise<object>>();
  private server!: Server;

  async start(harness: Harness, names: string[] = []): Promise<void> {
    const env = { now_ms: Date.now(), random: systemRandom };
    const altNames = ["127.0.0.1", "localhost", ...names];
    const pair = issue(harness.authorities.ca, { subject: { commonName: "webhook" }, usages: ["server"], altNames }, env);
    this.server = createServer({ cert: pair.cert, key: pair.key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", async () => {
        const review = JSON.parse(Buffer.concat(chunks).toString());
        const path = request.url!.split("?")[0]!;
        this.asked.push({ path, request: review.request });
        const answer = await this.answers.get(path)?.(review.request);
        if (!answer) return void response.writeHead(404).end();
        const { apiVersion, kind } = review;
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ apiVersion, kind, response: { uid: review.request.uid, ...answer } }));
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  clientConfig(harness: Harness, path: string): object {
    return { url: `https://127.0.0.1:${this.port}${path}`, caBundle: Buffer.from(harness.authorities.ca.cert).toString("base64") };
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}

/** The answer of a mutating webhook. */
export const patch = (...operations: object[]): object => ({
  allowed: true,
  patchType: "JSONPatch",
  patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
});
