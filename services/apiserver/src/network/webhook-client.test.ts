import assert from "node:assert/strict";
import { createServer } from "node:https";
import { after, before, describe, test } from "node:test";
import { createAuthority, issue } from "@flotilla/pki";
import { systemClock, systemRandom } from "@flotilla/process";
import { MemoryStore } from "../admission/testing/rig.ts";
import { WebhookClient } from "./webhook-client.ts";

describe("a webhook's client", () => {
  const env = { now_ms: Date.now(), random: systemRandom };
  const authority = createAuthority("webhooks", env);
  const pair = issue(authority, { subject: { commonName: "w" }, usages: ["server"], altNames: ["127.0.0.1"] }, env);
  const caBundle = Buffer.from(authority.cert).toString("base64");
  const client = new WebhookClient(new MemoryStore(), systemClock, systemRandom);
  let asked = 0;
  const server = createServer({ cert: pair.cert, key: pair.key }, (request, response) => {
    asked++;
    request.resume();
    const path = request.url!.split("?")[0];
    if (path === "/never") return;
    if (path === "/slow") return void setTimeout(() => response.end('{"ok":true}'), 1_500);
    if (path === "/close") return void request.socket.destroy();
    response.statusCode = path === "/no" ? 500 : 200;
    response.end(path === "/text" ? "hello" : '{"ok":true}');
  });
  before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  after(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  const post = (path: string, timeout_ms = 10_000, ca = caBundle) => {
    const { port } = server.address() as { port: number };
    return client.post({ url: `https://127.0.0.1:${port}${path}`, caBundle: ca }, {}, timeout_ms);
  };

  test("answers, and what is no answer", async () => {
    assert.deepEqual(await post("/"), { ok: true });
    await assert.rejects(post("/text"), /the answer is no JSON/);
    await assert.rejects(post("/no"), /an error on the server .* has prevented the request from succeeding/);
    const other = Buffer.from(createAuthority("other", env).cert).toString("base64");
    await assert.rejects(post("/", 10_000, other), /certificate signed by unknown authority/);
  });

  test("one that is slow on a connection used before fails once, and is not asked again", async () => {
    const lost: unknown[] = [];
    const note = (error: unknown) => lost.push(error);
    process.on("unhandledRejection", note);
    assert.deepEqual(await post("/"), { ok: true });
    const before = asked;
    await assert.rejects(post("/never", 50), /\?timeout=50ms": context deadline exceeded/);
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.off("unhandledRejection", note);
    assert.deepEqual(lost, []);
    assert.equal(asked, before + 1);
  });

  test("a connection that was closed while it was kept is replaced once", async () => {
    assert.deepEqual(await post("/"), { ok: true });
    const before = asked;
    await assert.rejects(post("/close"), /EOF/);
    assert.ok(asked - before <= 2);
  });

  test("webhooks that come and go do not cut off one that is being asked", async () => {
    const slow = post("/slow");
    for (let i = 0; i < 250; i++) {
      const bundle = Buffer.from(`${authority.cert}${"\n".repeat(i + 1)}`).toString("base64");
      assert.deepEqual(await post("/", 10_000, bundle), { ok: true });
    }
    assert.deepEqual(await slow, { ok: true });
    assert.ok((client as unknown as { agents: Map<string, unknown> }).agents.size <= 201);
  });
});
