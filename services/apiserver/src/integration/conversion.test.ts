import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Caller } from "./caller.ts";
import { Harness } from "./harness.ts";
import { HookServer } from "./hook-server.ts";

const skip = Harness.kubectls().length > 0 ? false : "no kubectl on this machine";
const harness = new Harness();
const hooks = new HookServer();
let admin: Caller;
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const GROUP = "/apis/conv.example.com";

const schema = (properties: object) => ({
  openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties } } },
});

/** v1 has host and port apart, v2 an address of both; v1 is stored. */
const crd = (conversion: object) => ({
  metadata: { name: "hosts.conv.example.com" },
  spec: {
    group: "conv.example.com",
    scope: "Namespaced",
    names: { plural: "hosts", singular: "host", kind: "Host", listKind: "HostList" },
    conversion,
    versions: [
      { name: "v1", served: true, storage: true, schema: schema({ host: { type: "string" }, port: { type: "integer" } }) },
      {
        name: "v2",
        served: true,
        storage: false,
        schema: schema({ address: { type: "string" }, extra: { type: "string", default: "d" } }),
      },
    ],
  },
});

function convert(object: any, version: string): object {
  const { spec, ...rest } = object;
  const [host, port] = (spec.address ?? "").split(":");
  const converted = version.endsWith("/v2") ? { address: `${spec.host}:${spec.port}` } : { host, port: Number(port) };
  return { ...rest, apiVersion: version, spec: converted };
}

const hosts = (version: string, rest = ""): string => `${GROUP}/${version}/namespaces/default/hosts${rest}`;

async function served(): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if ((await admin.ask(hosts("v2"))).status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail("not served");
}

before(async () => {
  if (skip) return;
  await harness.start(1);
  admin = Caller.admin(harness);
  await hooks.start(harness);
  hooks.answers.set("/convert", ({ objects, desiredAPIVersion }) => ({
    result: { status: "Success" },
    convertedObjects: objects.map((object: object) => convert(object, desiredAPIVersion)),
  }));
  const webhook = { clientConfig: hooks.clientConfig(harness, "/convert"), conversionReviewVersions: ["v1"] };
  assert.equal((await admin.post(CRDS, crd({ strategy: "Webhook", webhook }))).status, 201);
  await served();
});
after(() => {
  hooks.stop();
  harness.stop();
});

test("what is written in one version is read in the other, defaults of that version included", { skip }, async () => {
  const made = await admin.post(hosts("v2"), { metadata: { name: "a", labels: { x: "y" } }, spec: { address: "h:80" } });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual([made.json.apiVersion, made.json.spec], ["conv.example.com/v2", { address: "h:80", extra: "d" }]);
  const stored = await admin.ask(hosts("v1", "/a"));
  assert.deepEqual(
    [stored.json.apiVersion, stored.json.spec, stored.json.metadata.labels],
    ["conv.example.com/v1", { host: "h", port: 80 }, { x: "y" }],
  );
  const patched = await admin.merge(hosts("v1", "/a"), { spec: { port: 90 } });
  assert.equal(patched.json.spec.port, 90);
  assert.equal((await admin.ask(hosts("v2", "/a"))).json.spec.address, "h:90");
  const updated = await admin.put(hosts("v2", "/a"), { ...(await admin.ask(hosts("v2", "/a"))).json, spec: { address: "i:1" } });
  assert.equal(updated.json.spec.address, "i:1");
  assert.deepEqual((await admin.ask(hosts("v1"))).json.items[0].spec, { host: "i", port: 1 });
});

test("watchers of a converted version see every change in order", { skip }, async () => {
  const { json } = await admin.ask(hosts("v2"));
  const watching = admin.ask(`${hosts("v2")}?watch=true&timeoutSeconds=2&resourceVersion=${json.metadata.resourceVersion}`);
  const initial = admin.ask(`${hosts("v2")}?watch=true&timeoutSeconds=1`);
  for (const name of ["b", "c"]) await admin.post(hosts("v1"), { metadata: { name }, spec: { host: name, port: 1 } });
  await admin.delete(hosts("v1", "/b"));
  const events = (text: string) =>
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  assert.deepEqual(
    events((await watching).text).map(({ type, object }) => `${type} ${object.spec.address}`),
    ["ADDED b:1", "ADDED c:1", "DELETED b:1"],
  );
  assert.equal(events((await initial).text)[0].object.spec.address, "i:1");
});

test("a webhook that fails says so, and hurts its own versions alone", { skip }, async () => {
  hooks.answers.set("/convert", () => ({ result: { status: "Failure", message: "no way" } }));
  await admin.post(hosts("v1"), { metadata: { name: "d" }, spec: { host: "d", port: 2 } });
  const failed = await admin.ask(hosts("v2", "/d"));
  assert.equal(failed.status, 500);
  assert.equal(failed.json.message, "conversion webhook for conv.example.com/v2, Kind=Host failed: no way");
  assert.equal((await admin.ask(hosts("v1", "/d"))).status, 200);
});

test("without a strategy only the version's name changes, and what the other schema does not know is pruned", { skip }, async () => {
  await admin.ask(`${CRDS}/hosts.conv.example.com`, { method: "DELETE" });
  for (let attempt = 0; attempt < 300 && (await admin.ask(`${CRDS}/hosts.conv.example.com`)).status === 200; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await admin.post(CRDS, crd({ strategy: "None" }));
  await served();
  await admin.post(hosts("v1"), { metadata: { name: "a" }, spec: { host: "h", port: 1 } });
  const { json } = await admin.ask(hosts("v2", "/a"));
  assert.deepEqual([json.apiVersion, json.spec], ["conv.example.com/v2", { extra: "d" }]);
});
