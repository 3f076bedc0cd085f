import { createHash } from "node:crypto";
import {
  aggregatedDiscovery,
  encodeSwagger,
  legacyGroup,
  legacyGroupList,
  legacyResourceList,
  legacyVersions,
  OPENAPI_PROTOBUF,
  openApiV2,
  openApiV3,
  openApiV3Index,
  type Registry,
  type SwaggerDocument,
} from "@flotilla/api";
import type { Registry as MetricsRegistry } from "prom-client";
import type { Aggregator } from "../aggregation/aggregator.ts";
import { mergeAggregated, mergeGroup, mergeGroupList, mergeOpenApiIndex, mergeSwagger } from "../aggregation/merge.ts";
import type { Call, Reply } from "../request/call.ts";
import { methodNotAllowed, noSuchPath } from "../request/errors.ts";
import { type HealthCheck, healthReply } from "./health.ts";
import { versionDocument } from "./version.ts";

type Document = Extract<Reply, { type: "document" }>;

export interface DocumentSources {
  definitions: Registry;
  metrics: MetricsRegistry;
  checks: readonly HealthCheck[];
  /** host:port for legacy /api. */
  serverAddress: string;
  /** Public keys and issuer, for service account issuer discovery. */
  issuer: { configuration: object; keys: object };
  aggregator: Pick<Aggregator, "revision" | "remotes" | "priorities" | "documents">;
}

const JSON_TYPE = "application/json";

/** All that is no resource: discovery, OpenAPI, health, version, metrics. Made when first asked for, kept until a kind comes or goes. */
export class Documents {
  private readonly sources: DocumentSources;
  private cached = new Map<string, Document>();
  private cachedRevision = "";

  constructor(sources: DocumentSources) {
    this.sources = sources;
  }

  async serve(call: Call): Promise<Reply> {
    if (call.info.verb !== "get" && call.info.verb !== "head") throw methodNotAllowed();
    const path = call.info.path.replace(/\/+$/, "") || "/";
    const { checks } = this.sources;
    if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) return healthReply(path, checks, call.query);
    if (path === "/metrics") {
      return { type: "document", code: 200, contentType: this.sources.metrics.contentType, body: await this.sources.metrics.metrics() };
    }
    return this.conditional(call, await this.cachedDocument(call, path));
  }

  private async cachedDocument(call: Call, path: string): Promise<Document> {
    const { definitions, aggregator } = this.sources;
    const revision = `${definitions.revision} ${aggregator.revision}`;
    if (this.cachedRevision !== revision) this.cached = new Map();
    this.cachedRevision = revision;
    const flavour =
      path === "/api" || path === "/apis"
        ? discoveryFlavour(call.accept)
        : path === "/openapi/v2" && /protobuf/.test(call.accept ?? "")
          ? "protobuf"
          : "";
    const key = `${path} ${flavour}`;
    const known = this.cached.get(key);
    if (known) return known;
    const made = await this.make(path, flavour);
    if (!made) throw noSuchPath();
    const etag = `"${createHash("sha256").update(made.body).digest("hex").toUpperCase()}"`;
    const document: Document = { ...made, headers: { ...made.headers, ETag: etag } };
    this.cached.set(key, document);
    return document;
  }

  private conditional(call: Call, document: Document): Document {
    const { etag, hash } = { etag: call.ifNoneMatch, hash: call.query.get("hash") };
    if (etag && etag === document.headers?.["ETag"]) return { ...document, code: 304, body: "" };
    if (!hash) return document;
    const expires = new Date(call.now_ms + YEAR_MS).toUTCString();
    return { ...document, headers: { ...document.headers, "Cache-Control": "public, immutable", Expires: expires } };
  }

  private async make(path: string, flavour: string): Promise<Document | undefined> {
    const { definitions, aggregator } = this.sources;
    const { remotes, priorities } = aggregator;
    const parts = path.split("/").slice(1);
    if ((path === "/api" || path === "/apis") && (flavour === "v2" || flavour === "v2beta1")) {
      const body = aggregatedDiscovery(definitions, flavour, parts[0] as "api" | "apis");
      const merged = path === "/api" ? body : mergeAggregated(body, remotes, priorities);
      return json(merged, `${JSON_TYPE};g=apidiscovery.k8s.io;v=${flavour};as=APIGroupDiscoveryList`);
    }
    if (path === "/" || path === "/index.html") return json({ paths: this.paths() });
    if (path === "/version") return json(versionDocument());
    if (path === "/api") return json(legacyVersions(definitions, this.sources.serverAddress));
    if (path === "/apis") return json(mergeGroupList(legacyGroupList(definitions), remotes, priorities));
    if (parts[0] === "api" && parts.length === 2) return json(legacyResourceList(definitions, "", parts[1]!, storageHash));
    if (parts[0] === "apis" && parts.length === 2)
      return json(mergeGroup(legacyGroup(definitions, parts[1]!), parts[1]!, remotes, priorities));
    if (parts[0] === "apis" && parts.length === 3) return json(legacyResourceList(definitions, parts[1]!, parts[2]!, storageHash));
    if (path === "/openapi/v3") return json(mergeOpenApiIndex(openApiV3Index(definitions), await this.remoteIndex()));
    if (path.startsWith("/openapi/v3/api/")) return json(await openApiV3(definitions, "", parts[3]!));
    if (path.startsWith("/openapi/v3/apis/") && parts.length === 5) {
      const remote = remotes.some(({ group, version }) => group === parts[3] && version === parts[4]);
      return json(remote ? await this.remoteSchema(path) : await openApiV3(definitions, parts[3]!, parts[4]!));
    }
    if (path === "/openapi/v2" && flavour === "protobuf") {
      return {
        type: "document",
        code: 200,
        contentType: OPENAPI_PROTOBUF,
        body: Buffer.from(encodeSwagger(mergeSwagger(await openApiV2(definitions), await this.remoteSwagger()) as SwaggerDocument)),
      };
    }
    if (path === "/openapi/v2") return json(mergeSwagger(await openApiV2(definitions), await this.remoteSwagger()));
    if (path === "/.well-known/openid-configuration") return anHour(json(this.sources.issuer.configuration));
    if (path === "/openid/v1/jwks") return anHour(json(this.sources.issuer.keys, "application/jwk-set+json"));
    return undefined;
  }

  /** The extension servers' OpenAPI, asked of them when a client wants it. */
  private async remoteIndex(): Promise<{ group: string; version: string; hash: string }[]> {
    const answers = await this.sources.aggregator.documents("/openapi/v3");
    return answers.filter(({ group, version, json }) => `apis/${group}/${version}` in ((json as { paths?: object }).paths ?? {}));
  }

  private async remoteSchema(path: string): Promise<object | undefined> {
    const answers = await this.sources.aggregator.documents(path);
    return answers.find(({ group, version }) => path.endsWith(`/${group}/${version}`))?.json as object | undefined;
  }

  private async remoteSwagger(): Promise<{ group: string; version: string; swagger: object }[]> {
    const answers = await this.sources.aggregator.documents("/openapi/v2");
    return answers.map(({ group, version, json }) => ({ group, version, swagger: json as object }));
  }

  private paths(): string[] {
    const groups = this.sources.definitions
      .groups()
      .flatMap(({ group, versions }) =>
        group === "" ? ["/api", "/api/v1", "/apis"] : [`/apis/${group}`, ...versions.map((v) => `/apis/${group}/${v}`)],
      );
    const checks = this.sources.checks.flatMap(({ name, on }) => on.map((endpoint) => `/${endpoint}/${name}`));
    const others = ["/.well-known/openid-configuration", "/apis/", "/openid/v1/jwks", "/openapi/v3/"];
    return [...groups, ...checks, ...others, ...PAGES].sort();
  }
}

const PAGES = ["/healthz", "/index.html", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"];
const YEAR_MS = 365 * 24 * 3_600_000;

function json(body: object | undefined, contentType = JSON_TYPE): Document | undefined {
  return body && { type: "document", code: 200, contentType, body: Buffer.from(JSON.stringify(body)) };
}

/** As upstream: eight bytes of SHA-256. */
const storageHash = (storedAs: string): string => createHash("sha256").update(storedAs).digest().subarray(0, 8).toString("base64");

/** What relying parties may keep for an hour, as upstream says. */
const anHour = (document: Document | undefined): Document | undefined =>
  document && { ...document, headers: { "Cache-Control": "public, max-age=3600" } };

/** "v2", "v2beta1" or "" for the legacy documents, in the client's order. */
function discoveryFlavour(accept: string | undefined): string {
  for (const entry of (accept ?? "").split(",")) {
    if (!/as=APIGroupDiscoveryList/.test(entry)) {
      if (entry.includes("application/json")) return "";
      continue;
    }
    const [, version] = /v=(v2beta1|v2)\b/.exec(entry) ?? [];
    if (version) return version;
  }
  return "";
}
