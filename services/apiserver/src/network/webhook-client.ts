import { Agent, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import type { Clock, Random } from "@flotilla/base";
import type { ResourceCache } from "../storage/resource-cache.ts";
import { type Address, serviceEndpoint } from "./service-endpoint.ts";

/** Where a webhook is, as admission and conversion configurations say it. */
export interface WebhookTarget {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
  /** PEM in base64; without it the machine's authorities are trusted. */
  caBundle?: string;
}

/** An answer to a review is a patch and a few words: more is a fault. */
const ANSWER_BYTES_MAX = 10 * 1024 * 1024;
/** Connections to webhooks that are kept for the next call, per webhook. */
const IDLE_CONNECTIONS_MAX = 16;
/** Configurations come and go; this many authorities keep their connections. */
const AGENTS_MAX = 200;

export class WebhookError extends Error {
  override name = "WebhookError";
  /** Too slow, not reached, or reached and not understood. */
  readonly kind: "timeout" | "connection" | "answer";

  constructor(kind: "timeout" | "connection" | "answer", message: string) {
    super(message);
    this.kind = kind;
  }
}

type Failure = WebhookError["kind"];

interface Exchange {
  target: WebhookTarget;
  url: URL;
  address: Address;
  body: string;
  timeout_ms: number;
  signal: AbortSignal | undefined;
  fail(kind: Failure, why: string): WebhookError;
}

/** Posts JSON to webhooks over TLS, with one pool of connections per webhook. */
export class WebhookClient {
  private readonly store: { cache(resource: string): ResourceCache };
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly agents = new Map<string, Agent>();

  constructor(store: { cache(resource: string): ResourceCache }, clock: Clock, random: Random) {
    this.store = store;
    this.clock = clock;
    this.random = random;
  }

  /**
   * The answer's JSON.
   * @throws WebhookError in the words of Go's HTTP client.
   */
  async post(target: WebhookTarget, body: object, timeout_ms: number, signal?: AbortSignal): Promise<unknown> {
    const shown = urlText(target, timeout_ms);
    const url = new URL(shown);
    const fail = (kind: Failure, why: string) => new WebhookError(kind, `failed to call webhook: Post "${shown}": ${why}`);
    let address: Address;
    try {
      address = target.service
        ? serviceEndpoint(this.store, this.random, { port: 443, ...target.service })
        : { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 443) };
    } catch (error) {
      throw fail("connection", (error as Error).message);
    }
    const { status, text } = await this.exchange({ target, url, address, body: JSON.stringify(body), timeout_ms, signal, fail });
    if (status < 200 || status > 299) throw new WebhookError("answer", `failed to call webhook: ${rejection(status, text)}`);
    try {
      return JSON.parse(text);
    } catch {
      throw new WebhookError("answer", "failed to call webhook: the answer is no JSON");
    }
  }

  close(): void {
    for (const agent of this.agents.values()) agent.destroy();
    this.agents.clear();
  }

  private exchange(exchange: Exchange, again = false): Promise<{ status: number; text: string }> {
    const { target, url, address, body, timeout_ms, signal, fail } = exchange;
    return new Promise((resolve, reject) => {
      const request = httpsRequest({
        agent: this.agentOf(target, url.hostname),
        host: address.host,
        port: address.port,
        // A service is known by its name, whatever address one of its pods has.
        servername: isIP(url.hostname.replace(/^\[|\]$/g, "")) ? "" : url.hostname,
        method: "POST",
        path: url.pathname + url.search,
        headers: {
          host: url.host,
          "content-type": "application/json",
          accept: "application/json",
          "content-length": Buffer.byteLength(body),
          "user-agent": "kube-apiserver-admission",
        },
      });
      let settled = false;
      const finish = (settle: () => void) => {
        // What we cut off ourselves fails once more, in its own way: that says nothing new.
        if (settled) return;
        settled = true;
        timer.cancel();
        signal?.removeEventListener("abort", abort);
        settle();
      };
      const stop = (error: WebhookError) => {
        finish(() => reject(error));
        request.destroy();
      };
      const abort = () => stop(fail("timeout", "context canceled"));
      const timer = this.clock.setTimeout(() => stop(fail("timeout", "context deadline exceeded")), timeout_ms);
      signal?.addEventListener("abort", abort, { once: true });
      request.on("error", (error: NodeJS.ErrnoException) => {
        // The webhook closed a connection that it had kept for us just as we used it.
        const stale = request.reusedSocket && error.code === "ECONNRESET" && !again;
        finish(() => (stale ? resolve(this.exchange(exchange, true)) : reject(fail("connection", explain(error, address)))));
      });
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > ANSWER_BYTES_MAX) stop(fail("answer", `the answer is longer than ${ANSWER_BYTES_MAX} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", (error) => finish(() => reject(fail("connection", error.message))));
        response.on("end", () => finish(() => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() })));
      });
      request.end(body);
    });
  }

  private agentOf({ caBundle }: WebhookTarget, host: string): Agent {
    const key = `${host}\n${caBundle ?? ""}`;
    const ca = caBundle ? { ca: Buffer.from(caBundle, "base64").toString() } : {};
    const agent = this.agents.get(key) ?? new Agent({ keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS_MAX, ...ca });
    // To the end: the first is the one that was used longest ago.
    this.agents.delete(key);
    this.agents.set(key, agent);
    if (this.agents.size > AGENTS_MAX) this.forgetIdle();
    return agent;
  }

  /** One that nobody waits for; others' calls go on. */
  private forgetIdle(): void {
    for (const [key, agent] of this.agents) {
      if (Object.keys(agent.sockets).length + Object.keys(agent.requests).length > 0) continue;
      agent.destroy();
      this.agents.delete(key);
      return;
    }
  }
}

/** With the port even where it is the usual one, as upstream shows it. */
function urlText({ url, service }: WebhookTarget, timeout_ms: number): string {
  const query = `timeout=${goDuration(timeout_ms)}`;
  if (url !== undefined) return `${url}${url.includes("?") ? "&" : "?"}${query}`;
  const { namespace, name, path = "/", port = 443 } = service!;
  return `https://${name}.${namespace}.svc:${port}${path.startsWith("/") ? path : `/${path}`}?${query}`;
}

/** What upstream's REST client makes of an answer that is no success. */
function rejection(status: number, text: string): string {
  if (status === 404) return "the server could not find the requested resource";
  if (status >= 500)
    return `an error on the server (${JSON.stringify(text.slice(0, 200).trim())}) has prevented the request from succeeding`;
  return `the server rejected our request for an unknown reason (status ${status})`;
}

/** Go's Duration.String() for whole seconds and below. */
const goDuration = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`);

/** Node's error as Go's net package would put it. */
function explain(error: NodeJS.ErrnoException, { host, port }: Address): string {
  switch (error.code) {
    case "ECONNREFUSED":
      return `dial tcp ${host}:${port}: connect: connection refused`;
    case "EHOSTUNREACH":
      return `dial tcp ${host}:${port}: connect: no route to host`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `dial tcp: lookup ${host}: no such host`;
    case "ECONNRESET":
      return "EOF";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "CERT_SIGNATURE_FAILURE":
      return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    case "CERT_HAS_EXPIRED":
      return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid";
    default:
      return error.message;
  }
}
