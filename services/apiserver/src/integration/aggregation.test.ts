import assert from "node:assert/strict";
import { request } from "node:https";
import { after, before, test } from "node:test";
import { issueAdmin } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";
import { Caller } from "./caller.ts";
import { ExtensionServer } from "./extension-server.ts";
import { Harness } from "./harness.ts";

const KUBECTL = Harness.kubectls().at(-1);
const skip = KUBECTL ? false : "no kubectl on this machine";
/** A stream that says nothing must not hold up the others. */
const TIMEOUT_MS = 30_000;
const harness = new Harness({
  flags: (folder) => [
    `--proxy-client-cert-file=${folder}/front-proxy-client.crt`,
    `--proxy-client-key-file=${folder}/front-proxy-client.key`,
    `--requestheader-client-ca-file=${folder}/front-proxy-ca.crt`,
    "--requestheader-allowed-names=front-proxy-client",
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
  ],
});
const server = new ExtensionServer();
let admin: Caller;
const API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices";
const NAME = "v1.widgets.example.com";

const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await harness.kubectl(KUBECTL!, args);
  return `${stdout}${stderr}`.trim() + (code === 0 ? "" : ` [${code}]`);
};

const apiService = (service: object, trust: object = { caBundle: Buffer.from(harness.authorities.ca.cert).toString("base64") }) => ({
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  metadata: { name: NAME },
  spec: { group: "widgets.example.com", version: "v1", groupPriorityMinimum: 1000, versionPriority: 15, service, ...trust },
});

async function available(wanted: string, replica = 0): Promise<void> {
  let shown = "";
  for (const end = Date.now() + 40_000; Date.now() < end; ) {
    const { json } = await admin.ask(`${API_SERVICES}/${NAME}`, { replica });
    const [condition] = json.status?.conditions ?? [];
    shown = condition ? `${condition.status} ${condition.reason}` : "nothing";
    if (shown === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(shown, wanted);
}

before(async () => {
  if (skip) return;
  await harness.start(2);
  admin = Caller.admin(harness);
  await server.start({ serving: harness.authorities.ca, frontProxy: harness.authorities.frontProxyCa }, "widgets.default.svc");
  await admin.post("/api/v1/namespaces/default/services", {
    metadata: { name: "widgets" },
    spec: { type: "ExternalName", externalName: "localhost" },
  });
});
after(() => {
  server.stop();
  harness.stop();
});

test("the groups that the server serves itself have local API services", { skip }, async () => {
  const text = await run("get", "apiservices");
  assert.match(text, /^v1\. +Local +True +\d+s$/m);
  assert.match(text, /^v1\.apps +Local +True +\d+s$/m);
  const { json } = await admin.ask(`${API_SERVICES}/v1.apps`);
  assert.deepEqual(json.spec, { group: "apps", version: "v1", groupPriorityMinimum: 17_800, versionPriority: 15 });
  assert.deepEqual(json.metadata.labels, { "kube-aggregator.kubernetes.io/automanaged": "onstart" });
});

test("extension servers are told whom to believe", { skip }, async () => {
  const { json } = await admin.ask("/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication");
  assert.equal(json.data["client-ca-file"], harness.authorities.ca.cert);
  assert.equal(json.data["requestheader-client-ca-file"], harness.authorities.frontProxyCa.cert);
  assert.equal(json.data["requestheader-allowed-names"], '["front-proxy-client"]');
  assert.equal(json.data["requestheader-username-headers"], '["X-Remote-User"]');
});

test("a service that is not there makes the group unavailable", { skip }, async () => {
  assert.equal((await admin.post(API_SERVICES, apiService({ namespace: "default", name: "nowhere" }))).status, 201);
  await available("False ServiceNotFound");
  assert.match(await run("get", "apiservice", NAME), /default\/nowhere +False \(ServiceNotFound\)/);
  const { status, json } = await admin.ask("/apis/widgets.example.com/v1/widgets");
  assert.equal(status, 503);
  assert.equal(json.reason, "ServiceUnavailable");
  await admin.delete(`${API_SERVICES}/${NAME}`);
});

test("requests reach the extension server by every replica, with the user's identity", { skip }, async () => {
  await admin.post(API_SERVICES, apiService({ namespace: "default", name: "widgets", port: server.port }));
  await available("True Passed");
  assert.match(await run("get", "--raw", "/apis/widgets.example.com"), /"groupVersion":"widgets.example.com\/v1"/);
  const made = await harness.kubectl(KUBECTL!, ["create", "-f", "-"], {
    stdin: JSON.stringify({ apiVersion: "widgets.example.com/v1", kind: "Widget", metadata: { name: "w1" }, size: 3 }),
  });
  assert.equal(made.stdout.trim() || made.stderr, "widget.widgets.example.com/w1 created");
  assert.match(await run("get", "wi", "-o", "name"), /widget.widgets.example.com\/w1/);
  const { json } = await admin.ask("/apis/widgets.example.com/v1/namespaces/default/widgets/w1", {
    replica: 1,
    headers: { "Impersonate-User": "jane", "Impersonate-Group": ["system:masters", "dev"], "Impersonate-Extra-Scopes": "a" },
  });
  assert.equal(json.size, 3);
  const { user, groups, extra, certificate } = server.asked.at(-1)!;
  assert.deepEqual([user, groups, extra, certificate], ["jane", "system:masters, dev, system:authenticated", "a", "front-proxy-client"]);
  // What was authorized here is what is asked for there.
  const before = server.asked.length;
  assert.equal((await admin.ask("/apis/widgets.example.com/v1/namespaces/default/widgets/w1%2Fstatus")).status, 404);
  assert.equal(server.asked.length, before);
  await admin.ask("/apis/widgets.example.com/v1/namespaces/other/../default/widgets/w1");
  assert.equal(server.asked.at(-1)!.path, "/apis/widgets.example.com/v1/namespaces/default/widgets/w1");
  const refused = await Caller.named(harness, "nobody").ask("/apis/widgets.example.com/v1/namespaces/default/widgets");
  assert.equal(refused.status, 403);
});

test("discovery and OpenAPI are one", { skip }, async () => {
  assert.match(await run("api-resources", "--api-group=widgets.example.com"), /widgets +wi +widgets\.example\.com\/v1 +true +Widget/);
  assert.match(await run("explain", "widgets.size"), /How big it is\./);
  const { json } = await admin.ask("/openapi/v2");
  assert.ok(json.definitions["com.example.Widget"] && json.definitions["io.k8s.api.core.v1.Pod"]);
  const groups = (await admin.ask("/apis")).json.groups.map(({ name }: { name: string }) => name);
  assert.deepEqual(groups.slice(0, 2), ["apiregistration.k8s.io", "apps"]);
  assert.equal(groups.at(-2), "widgets.example.com");
});

test("watches and upgrades pass through", { skip, timeout: TIMEOUT_MS }, async () => {
  const tls = { ca: harness.authorities.ca.cert, ...issueAdmin(harness.authorities, { now_ms: Date.now(), random: systemRandom }) };
  const options = { ...tls, host: "127.0.0.1", port: harness.port(0), agent: false as const };
  const event = await new Promise<string>((resolve, reject) => {
    const asking = request({ ...options, path: "/apis/widgets.example.com/v1/widgets?watch=true" }, (response) => {
      response.once("data", (chunk: Buffer) => {
        resolve(chunk.toString());
        asking.destroy();
      });
    });
    asking.on("error", reject).end();
  });
  assert.match(event, /"type":"ADDED"/);
  const echoed = await new Promise<string>((resolve, reject) => {
    const headers = { connection: "Upgrade", upgrade: "echo" };
    const asking = request({ ...options, path: "/apis/widgets.example.com/v1/namespaces/default/widgets/w1/echo", headers });
    asking.on("upgrade", (_, socket, head) => {
      let text = head.toString();
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("ping")) {
          resolve(text);
          socket.destroy();
        }
      });
      socket.write("ping");
    });
    asking.on("error", reject).end();
  });
  assert.equal(echoed, "hello kubernetes-adminping");
});

test("a server that fails is seen, and seen again when it is back", { skip }, async () => {
  server.healthy = false;
  await admin.merge(`${API_SERVICES}/${NAME}`, { spec: { versionPriority: 16 } });
  await available("False FailedDiscoveryCheck");
  const { status } = await admin.ask("/apis/apps/v1/deployments");
  assert.equal(status, 200);
  server.healthy = true;
  await available("True Passed");
});

test("a certificate of another authority is not believed", { skip }, async () => {
  await admin.merge(`${API_SERVICES}/${NAME}`, { spec: { caBundle: Buffer.from(harness.authorities.etcdCa.cert).toString("base64") } });
  await available("False FailedDiscoveryCheck");
  await admin.merge(`${API_SERVICES}/${NAME}`, { spec: { caBundle: null, insecureSkipTLSVerify: true } });
  await available("True Passed");
  assert.equal(await run("delete", "apiservice", NAME), `apiservice.apiregistration.k8s.io "${NAME}" deleted`);
  assert.equal((await admin.ask("/apis/widgets.example.com/v1/widgets")).status, 404);
});
