// What browsers do: a watch over a WebSocket, each event one message.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { Harness } from "./harness.ts";
import { Rest } from "./rest.ts";

const PATH = "/api/v1/namespaces/default/configmaps";

describe("WebSockets", () => {
  const harness = new Harness();
  let rest: Rest;
  before(async () => {
    await harness.start(1);
    rest = new Rest(harness);
  });
  after(() => {
    rest?.close();
    harness.stop();
  });

  const open = (path: string, user: string) => {
    const file = (name: string) => readFileSync(join(harness.folder, name));
    const tls = { ca: file("ca.crt"), cert: file(`${user}.crt`), key: file(`${user}.key`) };
    return new WebSocket(`wss://127.0.0.1:${harness.port(0)}${path}`, tls);
  };

  test("a watch comes as messages, and is closed when its time is over", async () => {
    const { body } = await rest.call("GET", PATH);
    const socket = open(`${PATH}?watch=1&timeoutSeconds=2&resourceVersion=${body.metadata.resourceVersion}`, "admin");
    const events: string[] = [];
    socket.on("message", (data: Buffer, isBinary) => {
      assert.equal(isBinary, false);
      const { type, object } = JSON.parse(data.toString());
      events.push(`${type} ${object.kind} ${object.metadata.name}`);
    });
    await new Promise((resolve, reject) => {
      socket.on("open", resolve);
      socket.on("error", reject);
    });
    await rest.call("POST", PATH, { metadata: { name: "a" } });
    await rest.call("DELETE", `${PATH}/a`);
    const code = await new Promise((resolve) => socket.on("close", resolve));
    assert.deepEqual(events, ["ADDED ConfigMap a", "DELETED ConfigMap a"]);
    assert.equal(code, 1000);
  });

  test("who may not watch gets no WebSocket; nor does a path that has none", async () => {
    const refused = (path: string, user: string) =>
      new Promise((resolve) => {
        const socket = open(path, user);
        socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
        socket.on("error", () => {});
      });
    assert.equal(await refused(`${PATH}?watch=1`, "jane"), 403);
    assert.equal(await refused(PATH, "admin"), 400);
  });
});
