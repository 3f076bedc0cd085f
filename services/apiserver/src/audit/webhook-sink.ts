import { type Clock, jitter, type Random, sleep } from "@flotilla/base";
import type { ClientConfig } from "@flotilla/client/kubeconfig.ts";
import type { HttpPort } from "@flotilla/client/rest/http-port.ts";
import type { Sink } from "./backend.ts";
import type { AuditEvent } from "./event.ts";

export interface WebhookOptions {
  /** Before the first repetition; each further one waits half as long again. */
  backoff_ms: number;
}

/** The receiver, without what only an API server has. */
export type WebhookTarget = Pick<ClientConfig, "server" | "tls"> & { token: () => string | undefined };

const ATTEMPTS_MAX = 5;
const BACKOFF_FACTOR = 1.5;
const BACKOFF_JITTER = 0.2;
const POST_MS_MAX = 30_000;
/** At the end the last posts have this long. */
const CLOSE_MS_MAX = 5_000;

/** Posts events as audit.k8s.io/v1 EventList. Any failure is worth repeating: an event lost is lost for good. */
export class WebhookSink implements Sink {
  readonly name = "webhook";
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly target: WebhookTarget;
  private readonly options: WebhookOptions;
  private readonly closing = new AbortController();
  private readonly giveUp = new AbortController();
  private readonly posting = new Set<Promise<void>>();
  private http: Promise<HttpPort> | undefined;

  constructor(ports: { clock: Clock; random: Random }, target: WebhookTarget, options: WebhookOptions) {
    this.clock = ports.clock;
    this.random = ports.random;
    this.target = target;
    this.options = options;
  }

  async write(events: readonly AuditEvent[]): Promise<void> {
    const body = Buffer.from(JSON.stringify({ kind: "EventList", apiVersion: "audit.k8s.io/v1", metadata: {}, items: events }));
    const posted = this.insist(body).finally(() => this.posting.delete(posted));
    this.posting.add(posted);
    return posted;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.race([Promise.allSettled(this.posting), sleep(this.clock, CLOSE_MS_MAX, this.giveUp.signal)]);
    this.giveUp.abort();
    (await this.http)?.close();
  }

  private async insist(body: Buffer): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const last = attempt >= ATTEMPTS_MAX || this.closing.signal.aborted;
      try {
        return await this.post(body);
      } catch (error) {
        if (last) throw error;
      }
      const wait_ms = this.options.backoff_ms * BACKOFF_FACTOR ** (attempt - 1);
      await sleep(this.clock, jitter(this.random, wait_ms, BACKOFF_JITTER), this.closing.signal);
    }
  }

  private async post(body: Buffer): Promise<void> {
    const { server, tls, token } = this.target;
    // Loaded when first needed: most servers have no webhook.
    this.http ??= import("@flotilla/client/rest/node-http.ts").then(({ createNodeHttp }) => createNodeHttp(server, tls));
    const bearer = token();
    const headers = { "content-type": "application/json", ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) };
    const http = await this.http;
    const { status, body: answer } = await http.request({
      method: "POST",
      path: "",
      headers,
      body,
      timeout_ms: POST_MS_MAX,
      signal: this.giveUp.signal,
    });
    for await (const _ of answer);
    if (status < 200 || status > 299) throw new Error(`the server answered ${status}`);
  }
}
