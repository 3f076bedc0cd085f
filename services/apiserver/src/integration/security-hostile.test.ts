import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { after, before, describe, test } from "node:test";
import { connect } from "node:tls";
import { gzipSync } from "node:zlib";
import { seededRandom } from "@flotilla/base";
import { issueAdmin } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";
import { Caller } from "./caller.ts";
import { Harness } from "./harness.ts";
import { malformedRequest } from "./malformed.ts";

const SEED = Number(process.env["SEED"] ?? 4);
const REQUESTS = 10_000;
const PARALLEL = 32;
/** What the server may have grown by after all of them. */
const GROWTH_BYTES_MAX = 300 * 1024 * 1024;
/** Far below what a bomb that goes off takes, far above what a busy machine needs. */
const BOMB_MS_MAX = 15_000;
const BODY_BYTES_MAX = 3 * 1024 * 1024;

describe("hostile requests", { skip: Harness.kubectls().length === 0 && "no kubectl here" }, () => {
  const harness: Harness = new Harness({ flags: () => ["--request-timeout=3s"] });
  let admin: Caller;
  before(async () => {
    await harness.start(1);
    admin = Caller.admin(harness);
    await admin.post("/api/v1/namespaces", { metadata: { name: "a" } });
    await admin.post("/api/v1/namespaces/a/configmaps", { metadata: { name: "c" }, data: { k: "v" } });
    await admin.post("/api/v1/namespaces/a/secrets", { metadata: { name: "s" } });
  });
  after(() => harness.stop());

  /** Sends these bytes over TLS and yields what comes back until the server closes, or `wait_ms` is over. */
  function raw(bytes: string | Buffer, { wait_ms = 2_000, admin: known = false, keepSending = "" } = {}): Promise<string> {
    const credentials = known ? issueAdmin(harness.authorities, { now_ms: Date.now(), random: systemRandom }) : {};
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port: harness.port(0), ca: harness.authorities.ca.cert, ...credentials });
      let got = "";
      const done = () => {
        clearInterval(drip);
        clearTimeout(timer);
        socket.destroy();
        resolve(got);
      };
      const timer = setTimeout(done, wait_ms);
      const drip = setInterval(() => keepSending !== "" && socket.writable && socket.write(keepSending), 100);
      socket.on("data", (chunk) => (got += chunk.toString()));
      socket.on("close", done);
      socket.on("error", (error: NodeJS.ErrnoException) =>
        error.code === "ECONNRESET" || error.code === "EPIPE" ? done() : reject(error),
      );
      socket.write(bytes);
    });
  }
  const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
  const statusOf = (answer: string) => Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 0);

  test("paths: nobody gets to a secret by writing it otherwise", async () => {
    const targets = [
      "/api/v1/namespaces/a/secrets/s",
      "/api/v1/namespaces/a/configmaps/../secrets/s",
      "/healthz/../api/v1/namespaces/a/secrets/s",
      "/healthz/%2e%2e/api/v1/namespaces/a/secrets/s",
      "/healthz/..%2fapi/v1/namespaces/a/secrets/s",
      "//api/v1/namespaces/a/secrets/s",
      "/api//v1///namespaces/a/secrets/s",
      "//evil.example/api/v1/namespaces/a/secrets/s",
      "/version/../../api/v1/secrets",
      "/api/v1/namespaces/a%2fsecrets/s",
      "/api/v1/namespaces/a/secrets%2fs",
      "/api/v1/namespaces/a/secrets/%2e",
      "/api/v1/namespaces/a/secrets/%2e%2e",
      "/api/v1/namespaces/a/secrets/s%00",
      "/api/v1/namespaces/a/secrets/s%ff",
      "/API/V1/namespaces/a/secrets/s",
      "/api/v1/namespaces/a/secrets/s?watch=true",
      "/healthz;/api/v1/secrets",
      "/api/v1\\namespaces\\a\\secrets\\s",
      `/api/v1/namespaces/a/secrets/${"x".repeat(10_000)}`,
      "/openapi/../api/v1/secrets",
      "/apis/../api/v1/secrets",
    ];
    for (const target of targets) {
      const answer = await raw(get(target));
      assert.ok([301, 400, 401, 403, 404].includes(statusOf(answer)), `${target}: ${answer.slice(0, 200)}`);
      assert.doesNotMatch(answer, /"kind":"Secret/, target);
      // With every right, too, no name but its own finds the object.
      const mine = await raw(get(target), { admin: true });
      assert.ok([200, 301, 400, 404].includes(statusOf(mine)), `${target}: ${mine.slice(0, 200)}`);
    }
    for (const target of ["\0", "/api/\0", "*", "http://evil/api/v1/secrets", "x", ""]) {
      assert.doesNotMatch(await raw(get(target)), /"kind":"Secret/, JSON.stringify(target));
    }
    // Refused once a megabyte has come; who goes on writing may see the connection cut instead of the answer.
    assert.ok([0, 431].includes(statusOf(await raw(get(`/${"x".repeat(2_000_000)}`)))));
    const headers = Array.from({ length: 100_000 }, (_, i) => `X-${i}: ${"y".repeat(20)}\r\n`).join("");
    assert.ok([0, 431].includes(statusOf(await raw(`GET / HTTP/1.1\r\nHost: x\r\n${headers}\r\n`))));
    const smuggled = "POST /version HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x";
    assert.equal(statusOf(await raw(smuggled)), 400);
  });

  test("bodies: too big, said or unsaid, without end, packed", async () => {
    const path = "/api/v1/namespaces/a/configmaps";
    const big = JSON.stringify({ metadata: { name: "big" }, data: { k: "x".repeat(BODY_BYTES_MAX) } });
    const said = await admin.ask(path, { method: "POST", body: big }).catch((error) => ({ status: error.code, json: undefined }));
    assert.ok(said.status === 413 || said.status === "EPIPE" || said.status === "ECONNRESET", String(said.status));
    if (said.json) assert.equal(said.json.reason, "RequestEntityTooLarge");
    const chunk = `${(1 << 16).toString(16)}\r\n${"x".repeat(1 << 16)}\r\n`;
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const endless = await raw(head + chunk.repeat(60), { admin: true, wait_ms: 4_000, keepSending: chunk });
    assert.equal(statusOf(endless), 413);
    assert.match(endless, /Request entity too large: limit is 3145728/);
    // Nobody unpacks what a client has packed: a bomb stays what it is.
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, "a"));
    const packed = await admin.ask(path, { method: "POST", body: bomb, headers: { "content-encoding": "gzip" } });
    assert.ok(packed.status === 400 || packed.status === 415, packed.text);
    assert.equal((await admin.ask("/readyz")).status, 200);
  });

  test("clients that take their time are let go; others do not notice", async () => {
    const path = "/api/v1/namespaces/a/configmaps";
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`;
    const slow = Array.from({ length: 50 }, () => raw(head, { admin: true, wait_ms: 8_000, keepSending: " " }));
    assert.equal((await admin.ask(`${path}/c`)).status, 200);

    for (const answer of await Promise.all(slow)) assert.ok([0, 504].includes(statusOf(answer)), answer.slice(0, 100));
    // Half a TLS handshake, half a request line: held no longer than it takes to notice.
    await Promise.all(Array.from({ length: 50 }, () => raw("GET /ver", { wait_ms: 500 })));
    assert.equal((await admin.ask("/readyz")).status, 200);
  });

  test("bombs of few bytes: aliases, depth, copies, selectors", async () => {
    const path = "/api/v1/namespaces/a/configmaps";
    const laughs = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghij"
      .split("")
      .map((c, i) => `${c}: &${c} [${`*${"abcdefghij"[i]},`.repeat(9)}]`)
      .join("\n")}\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n`;
    const deep = (open: string, close: string, depth = 200_000) => open.repeat(depth) + close.repeat(depth);
    const table: [string, string, string, string][] = [
      ["POST", path, "application/yaml", laughs],
      ["POST", path, "application/yaml", Array.from({ length: 60_000 }, (_, i) => `k${i}: v`).join("\n")],
      ["POST", path, "application/yaml", deep("[", "]", 50_000)],
      ["POST", path, "application/json", deep("[", "]")],
      [
        "POST",
        path,
        "application/json",
        `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"x"},"data":${deep('{"a":', "}", 100_000).replace(":}", ":1}")}}`,
      ],
      ["PATCH", `${path}/c`, "application/merge-patch+json", deep('{"a":', "}", 100_000).replace(":}", ":1}")],
      ["PATCH", `${path}/c`, "application/strategic-merge-patch+json", deep('{"data":', "}", 100_000).replace(":}", ":1}")],
      ["PATCH", `${path}/c`, "application/apply-patch+yaml", deep("[", "]", 50_000)],
      [
        "PATCH",
        `${path}/c`,
        "application/json-patch+json",
        JSON.stringify(Array.from({ length: 60 }, (_, i) => ({ op: "copy", from: "/data", path: `/data/x${i}` }))),
      ],
      ["POST", path, "application/vnd.kubernetes.protobuf", `k8s\0${"\x0a\xff\xff\xff\xff\x0f".repeat(1_000)}`],
      ["GET", `${path}?labelSelector=${encodeURIComponent(`a in (${"b,".repeat(2_000)}b)`)}`, "", ""],
      ["GET", `${path}?labelSelector=${encodeURIComponent("(".repeat(5_000))}`, "", ""],
    ];
    for (const [method, target, contentType, body] of table) {
      const started = Date.now();
      const { status } = await admin.ask(target, {
        method,
        ...(body === "" ? {} : { body: Buffer.from(body, "latin1") }),
        headers: { "content-type": contentType },
      });
      assert.ok(status >= 200 && status < 500, `${method} ${contentType}: ${status}`);
      assert.ok(Date.now() - started < BOMB_MS_MAX, `${method} ${contentType} took ${Date.now() - started} ms`);
    }
  });

  test(`${REQUESTS} malformed requests (seed ${SEED}) leave the server serving, and no bigger`, async () => {
    const memory = () => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${harness.pid(0)}/status`, "utf8"))![1]) * 1024;
    const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL });
    const random = seededRandom(SEED);
    const before = memory();
    const statuses = new Map<number, number>();
    let left = REQUESTS;
    const worker = async () => {
      while (left-- > 0) {
        const request = malformedRequest(random);
        const { status } = await admin.ask(request.path, { ...request, agent });
        if (status >= 500) assert.fail(`${status} for ${JSON.stringify(request).slice(0, 2_000)}`);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    agent.destroy();
    assert.ok((statuses.get(400) ?? 0) > REQUESTS / 10, JSON.stringify([...statuses]));
    assert.equal((await admin.ask("/readyz")).status, 200);
    assert.equal((await admin.post("/api/v1/namespaces/a/configmaps", { metadata: { generateName: "after-" } })).status, 201);
    const grown = memory() - before;
    assert.ok(grown < GROWTH_BYTES_MAX, `grew by ${Math.round(grown / 2 ** 20)} MiB`);
  });
});
