import { request } from "node:https";
import { gunzipSync } from "node:zlib";
import { type APIService, apiError } from "@flotilla/api";
import type { Random } from "@flotilla/base";
import { type Address, serviceEndpoint } from "../network/service-endpoint.ts";
import type { Destination } from "../proxy/forward.ts";
import type { ResourceCache } from "../storage/resource-cache.ts";

/** The certificate by which extension servers know this server as their front proxy. */
export interface ProxyClient {
  cert?: string;
  key?: string;
}

const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const TIMEOUT_MS = 5_000;

/** Reaches extension servers: where they are, how they are trusted, and small documents of theirs. */
export class RemoteClient {
  readonly #store: { cache(resource: string): ResourceCache };
  readonly #random: Random;
  readonly #client: ProxyClient;

  constructor(store: { cache(resource: string): ResourceCache }, random: Random, client: ProxyClient) {
    this.#store = store;
    this.#random = random;
    this.#client = client;
  }

  /** @throws ApiError ServiceUnavailable */
  destination(api: APIService, path: string, headers: Record<string, string | string[]>): Destination {
    const { namespace = "", name = "", port = 443 } = api.spec!.service!;
    const { host, port: at } = this.#address(namespace, name, port);
    const servername = `${name}.${namespace}.svc`;
    return { scheme: "https", host, port: at, path, headers: { ...headers, host: servername }, tls: this.#tls(api, servername) };
  }

  #address(namespace: string, name: string, port: number): Address {
    try {
      return serviceEndpoint(this.#store, this.#random, { namespace, name, port });
    } catch (error) {
      throw apiError("ServiceUnavailable", `service unavailable: ${(error as Error).message}`);
    }
  }

  #tls({ spec }: APIService, servername: string): NonNullable<Destination["tls"]> {
    const { caBundle, insecureSkipTLSVerify } = spec!;
    return {
      ...this.#client,
      servername,
      ...(insecureSkipTLSVerify ? { rejectUnauthorized: false } : {}),
      ...(caBundle ? { ca: Buffer.from(caBundle, "base64").toString() } : {}),
    };
  }

  /** A JSON document. @throws Error saying what went wrong */
  async getJson(api: APIService, path: string): Promise<{ url: string; json: unknown }> {
    const identity = {
      "X-Remote-User": "system:kube-aggregator",
      "X-Remote-Group": "system:masters",
      accept: "application/json",
      "accept-encoding": "gzip",
    };
    const { host, port, headers, tls } = this.destination(api, path, identity);
    const url = `https://${host.includes(":") ? `[${host}]` : host}:${port}${path}`;
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new RemoteError(url, why));
      const asking = request({ host, port, path, headers, ...tls, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > ANSWER_BYTES_MAX) asking.destroy(new Error("the answer is too long"));
          else chunks.push(chunk);
        });
        response.on("error", (error) => fail(error.message));
        response.on("end", () => {
          const { statusCode = 0 } = response;
          if (statusCode < 200 || statusCode > 299) return fail(`bad status from ${url}: ${statusCode}`);
          try {
            const bytes = Buffer.concat(chunks);
            const text = response.headers["content-encoding"] === "gzip" ? gunzipSync(bytes, { maxOutputLength: ANSWER_BYTES_MAX }) : bytes;
            resolve({ url, json: JSON.parse(text.toString()) });
          } catch {
            fail("the answer is no JSON");
          }
        });
      });
      asking.on("error", (error) => fail(`Get "${url}": ${error.name === "TimeoutError" ? "context deadline exceeded" : error.message}`));
      asking.end();
    });
  }
}

export class RemoteError extends Error {
  readonly url: string;
  constructor(url: string, message: string) {
    super(message);
    this.url = url;
  }
}
