import { type Agent, request as httpsRequest, type RequestOptions } from "node:https";
import { issue, issueAdmin, type KeyPair } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";
import type { Harness } from "./harness.ts";

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body where it is JSON. */
  json: any;
}

export interface Asking {
  method?: string;
  /** Objects are sent as JSON. */
  body?: object | string | Buffer;
  headers?: Record<string, string | string[]>;
  replica?: number;
  /** Keeps connections; without one each request has its own. */
  agent?: Agent;
}

/** One caller of an API server, with a certificate, a token or nothing. */
export class Caller {
  private readonly harness: Harness;
  private readonly tls: RequestOptions;
  private readonly token: string | undefined;

  constructor(harness: Harness, credentials: Partial<KeyPair> & { token?: string } = {}) {
    this.harness = harness;
    const { cert, key, token } = credentials;
    this.tls = { ca: harness.authorities.ca.cert, ...(cert && key ? { cert, key } : {}) };
    this.token = token;
  }

  static admin(harness: Harness): Caller {
    return new Caller(harness, issueAdmin(harness.authorities, { now_ms: Date.now(), random: systemRandom }));
  }

  /** Somebody with a certificate of the cluster. */
  static named(harness: Harness, commonName: string, ...organizations: string[]): Caller {
    const env = { now_ms: Date.now(), random: systemRandom };
    return new Caller(harness, issue(harness.authorities.ca, { subject: { commonName, organizations }, usages: ["client"] }, env));
  }

  ask(path: string, { method = "GET", body, headers = {}, replica = 0, agent }: Asking = {}): Promise<Answer> {
    const bytes = body === undefined ? undefined : typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        {
          ...this.tls,
          host: "127.0.0.1",
          port: this.harness.port(replica),
          path,
          method,
          agent: agent ?? false,
          headers: {
            ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
            ...(bytes === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(bytes)) }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            let json: unknown;
            try {
              json = JSON.parse(text);
            } catch {}
            resolve({ status: response.statusCode!, headers: response.headers, text, json });
          });
        },
      );
      request.on("error", reject);
      request.end(bytes);
    });
  }

  post(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask(path, { method: "POST", body, headers });
  }

  put(path: string, body: object): Promise<Answer> {
    return this.ask(path, { method: "PUT", body });
  }

  merge(path: string, body: object): Promise<Answer> {
    return this.ask(path, { method: "PATCH", body, headers: { "content-type": "application/merge-patch+json" } });
  }

  delete(path: string): Promise<Answer> {
    return this.ask(path, { method: "DELETE" });
  }
}
