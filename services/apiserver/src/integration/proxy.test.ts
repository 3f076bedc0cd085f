import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { WebSocket, WebSocketServer } from "ws";
import { Caller } from "./caller.ts";
import { Harness } from "./harness.ts";
import { Rest } from "./rest.ts";

const kubectl = Harness.kubectls().at(-1);

/** A "pod" that is a server of this test: its address is set by hand in the pod's status. */
describe("requests passed on to pods", { skip: kubectl === undefined && "no kubectl here" }, () => {
  const harness = new Harness();
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    if (request.url === "/page") {
      const zipped = request.headers["accept-encoding"] === "gzip";
      const page = '<a href="/next">next</a>';
      response.writeHead(200, { "content-type": "text/html; charset=utf-8", ...(zipped ? { "content-encoding": "gzip" } : {}) });
      return void response.end(zipped ? gzipSync(page) : page);
    }
    if (request.url === "/moved") return void response.writeHead(302, { location: "/elsewhere" }).end();
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () =>
      response
        .writeHead(request.url === "/teapot" ? 418 : 200, { "content-type": "text/plain" })
        .end(`${request.method} ${request.url} ${body}`),
    );
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(`echo ${data}`)));
  let port = 0;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
    await harness.start(1);
    await run(["create", "serviceaccount", "default"]); // no controller makes it here
    await run(["run", "p", "--image=x", `--port=${port}`]);
    await run([
      "patch",
      "pod",
      "p",
      "--subresource=status",
      "--type=merge",
      "-p",
      '{"status":{"podIP":"127.0.0.1","podIPs":[{"ip":"127.0.0.1"}]}}',
    ]);
  });
  after(() => {
    harness.stop();
    sockets.close();
    server.closeAllConnections();
    server.close();
  });

  async function run(args: string[], options: Parameters<Harness["kubectl"]>[2] = {}): Promise<string> {
    const { code, stdout, stderr } = await harness.kubectl(kubectl!, args, options);
    return code === 0 ? stdout : stderr;
  }
  const POD = "/api/v1/namespaces/default/pods";

  test("path and query arrive as they were sent, by port or by the declared one", async () => {
    assert.equal(await run(["get", "--raw", `${POD}/p:${port}/proxy/a//c/?x=1&x=2`]), "GET /a//c/?x=1&x=2 ");
    assert.equal(await run(["get", "--raw", `${POD}/p/proxy/`]), "GET / ");
  });

  test("bodies pass", async () => {
    assert.equal(await run(["create", "--raw", `${POD}/p/proxy/in`, "-f", "-"], { stdin: "some: body" }), "POST /in some: body");
  });

  test("a path that browsers take for another host is redirected nowhere", async () => {
    const admin = Caller.admin(harness);
    assert.equal((await admin.ask(`/${POD}/p/proxy`)).status, 404);
    const { status, headers } = await admin.ask(`${POD}/p/proxy`);
    assert.deepEqual([status, headers["location"]], [301, `${POD}/p/proxy/`]);
  });

  test("the client's credentials stay here", () => {
    assert.ok(seen.length > 0);
    for (const { headers } of seen) assert.deepEqual([headers.authorization, headers["x-remote-user"]], [undefined, undefined]);
  });

  test("a page's links lead through the proxy, also where it is compressed", async () => {
    const rest = new Rest(harness);
    const page = `<a href="${POD}/p/proxy/next">next</a>`;
    assert.equal((await rest.call("GET", `${POD}/p/proxy/page`)).body, page);
    const zipped = await run(["get", "--raw", `${POD}/p/proxy/page`]); // Go's client asks for gzip by itself
    assert.equal(zipped, page);
    rest.close();
  });

  test("a failure of the pod is its own, not ours", async () => {
    assert.match(await run(["get", "--raw", `${POD}/p/proxy/teapot`]), /418|GET \/teapot/);
  });

  test("what is not there is said", async () => {
    assert.match(
      await run(["get", "--raw", `${POD}/p:1/proxy/`]),
      /\(ServiceUnavailable\): error trying to reach service: connect ECONNREFUSED 127.0.0.1:1/,
    );
    assert.match(await run(["get", "--raw", `${POD}/none/proxy/`]), /NotFound/);
    assert.match(await run(["get", "--raw", "/api/v1/namespaces/default/services/none/proxy/"]), /NotFound/);
  });

  test("a WebSocket goes through", async () => {
    const file = (name: string) => readFileSync(join(harness.folder, name));
    const { clusters } = JSON.parse(file("kubeconfig").toString());
    const url = `${clusters[0].cluster.server.replace("https", "wss")}${POD}/p/proxy/socket`;
    const pem = (text: string) => Buffer.from(text, "base64");
    const { users } = JSON.parse(file("kubeconfig").toString());
    const admin = users.find(({ name }: { name: string }) => name === "admin").user;
    const socket = new WebSocket(url, {
      ca: file("ca.crt"),
      cert: pem(admin["client-certificate-data"]),
      key: pem(admin["client-key-data"]),
    });
    const answer = await new Promise((resolve, reject) => {
      socket.on("open", () => socket.send("hello"));
      socket.on("message", (data) => resolve(String(data)));
      socket.on("error", reject);
    });
    socket.terminate();
    assert.equal(answer, "echo hello");
  });

  test("a refused upgrade is an answer that can be read", async () => {
    const plain = createServer((_request, response) => {
      response.writeHead(403, { "x-why": "no" });
      response.write("not ");
      setTimeout(() => response.end("here"), 20);
    });
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
    try {
      const path = `${POD}/p:${(plain.address() as AddressInfo).port}/proxy/x`;
      const { status, text, headers } = await Caller.admin(harness).ask(path, { headers: { connection: "Upgrade", upgrade: "websocket" } });
      assert.deepEqual([status, text, headers["x-why"], headers["connection"]], [403, "not here", "no", "close"]);
    } finally {
      plain.closeAllConnections();
      plain.close();
    }
  });

  test("a user without the right is refused", async () => {
    assert.match(await run(["get", "--raw", `${POD}/p/proxy/`], { user: "jane" }), /Forbidden/);
  });
});
