import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { issue, type KeyPair } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";

interface Widget {
  metadata: { name: string; namespace: string };
  size: number;
}

/** A small extension server: widgets.example.com/v1, for front proxies it knows by their certificate. */
export class ExtensionServer {
  readonly asked: { path: string; user: string; groups: string; extra: string | undefined; certificate: string | undefined }[] = [];
  private readonly widgets = new Map<string, Widget>();
  private server!: Server;
  healthy = true;

  async start(authorities: { serving: KeyPair; frontProxy: KeyPair }, name: string): Promise<void> {
    const env = { now_ms: Date.now(), random: systemRandom };
    const pair = issue(authorities.serving, { subject: { commonName: name }, usages: ["server"], altNames: [name] }, env);
    this.server = createServer({
      cert: pair.cert,
      key: pair.key,
      ca: authorities.frontProxy.cert,
      requestCert: true,
      rejectUnauthorized: true,
    });
    this.server.on("request", (request, response) => {
      const url = new URL(request.url!, "https://x");
      const certificate = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
      const header = (key: string) => [request.headers[key] ?? []].flat().join(",");
      const [user, groups] = [header("x-remote-user"), header("x-remote-group")];
      this.asked.push({ path: url.pathname, user, groups, extra: header("x-remote-extra-scopes"), certificate: String(certificate) });
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (!this.healthy) return void response.writeHead(500).end("unwell");
        if (url.searchParams.get("watch")) {
          response.writeHead(200, { "content-type": "application/json" });
          for (const widget of this.widgets.values()) response.write(`${JSON.stringify({ type: "ADDED", object: whole(widget) })}\n`);
          return;
        }
        const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
        const answer = this.answer(request.method!, url.pathname, body);
        response.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
        response.end(
          JSON.stringify(
            answer ?? { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404, message: "no such widget" },
          ),
        );
      });
    });
    this.server.on("upgrade", (request, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
      socket.write(`hello ${request.headers["x-remote-user"]}`);
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  private answer(method: string, path: string, body: Widget | undefined): object | undefined {
    const root = "/apis/widgets.example.com/v1";
    if (path === root) {
      const verbs = ["create", "get", "list", "watch"];
      const resource = { name: "widgets", singularName: "widget", namespaced: true, kind: "Widget", verbs, shortNames: ["wi"] };
      return { kind: "APIResourceList", apiVersion: "v1", groupVersion: "widgets.example.com/v1", resources: [resource] };
    }
    if (path === "/openapi/v3") return { paths: { "apis/widgets.example.com/v1": { serverRelativeURL: `/openapi/v3${root}?hash=1` } } };
    if (path === `/openapi/v3${root}`) return openApi();
    if (path === "/openapi/v2") {
      const { components, ...rest } = openApi();
      return { ...rest, swagger: "2.0", definitions: components.schemas };
    }
    const [, namespace = "", name = ""] = new RegExp(`^${root}/(?:namespaces/([^/]+)/)?widgets(?:/([^/]+))?$`).exec(path) ?? [];
    if (!path.startsWith(`${root}/`)) return undefined;
    if (method === "POST" && body) {
      this.widgets.set(body.metadata.name, { ...body, metadata: { ...body.metadata, namespace } });
      return whole(this.widgets.get(body.metadata.name)!);
    }
    if (name !== "") return this.widgets.has(name) ? whole(this.widgets.get(name)!) : undefined;
    return { kind: "WidgetList", apiVersion: "widgets.example.com/v1", metadata: {}, items: [...this.widgets.values()].map(whole) };
  }
}

const whole = (widget: Widget): object => ({ kind: "Widget", apiVersion: "widgets.example.com/v1", ...widget });

function openApi() {
  const gvk = { group: "widgets.example.com", version: "v1", kind: "Widget" };
  const text = { type: "string" };
  const properties = {
    apiVersion: text,
    kind: text,
    metadata: { type: "object" },
    size: { type: "integer", description: "How big it is." },
  };
  const schema = { type: "object", description: "A thing.", properties, "x-kubernetes-group-version-kind": [gvk] };
  const get = { "x-kubernetes-action": "list", "x-kubernetes-group-version-kind": gvk, responses: {} };
  return {
    openapi: "3.0.0",
    info: { title: "widgets", version: "v1" },
    paths: { "/apis/widgets.example.com/v1/namespaces/{namespace}/widgets": { get } },
    components: { schemas: { "com.example.Widget": schema } },
  };
}
