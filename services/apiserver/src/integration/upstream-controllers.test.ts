import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { issue } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";
import { Harness } from "./harness.ts";
import { Rest } from "./rest.ts";

/** Upstream's own controllers against this API server, where KUBE_CONTROLLER_MANAGER names the program or PATH has it. */
const PROGRAM = [
  process.env["KUBE_CONTROLLER_MANAGER"] ?? "",
  ...(process.env["PATH"] ?? "").split(":").map((folder) => join(folder, "kube-controller-manager")),
].find((path) => path !== "" && existsSync(path));

describe("kube-controller-manager", { skip: PROGRAM === undefined && "no kube-controller-manager here" }, () => {
  const harness = new Harness();
  let rest: Rest;
  let manager: ChildProcess;
  before(async () => {
    await harness.start(1);
    rest = new Rest(harness);
    manager = start();
  });
  after(() => {
    manager.kill("SIGKILL");
    rest.close();
    harness.stop();
  });

  /** Protobuf for everything it can: what its controllers are set to. */
  function start(): ChildProcess {
    const file = (name: string) => join(harness.folder, name);
    const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");
    const env = { now_ms: Date.now(), random: systemRandom };
    const user = issue(harness.authorities.ca, { subject: { commonName: "system:kube-controller-manager" }, usages: ["client"] }, env);
    const config = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "c",
      clusters: [
        {
          name: "c",
          cluster: { server: `https://127.0.0.1:${harness.port(0)}`, "certificate-authority-data": base64(readFileSync(file("ca.crt"))) },
        },
      ],
      users: [{ name: "c", user: { "client-certificate-data": base64(user.cert), "client-key-data": base64(user.key) } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
    };
    writeFileSync(file("upstream.conf"), JSON.stringify(config));
    const log = openSync(file("upstream.log"), "a");
    const flags = [
      `--kubeconfig=${file("upstream.conf")}`,
      `--authentication-kubeconfig=${file("upstream.conf")}`,
      `--authorization-kubeconfig=${file("upstream.conf")}`,
      `--service-account-private-key-file=${file("sa.key")}`,
      `--root-ca-file=${file("ca.crt")}`,
      "--use-service-account-credentials",
      "--secure-port=0",
    ];
    return spawn(PROGRAM!, flags, { stdio: ["ignore", log, log], cwd: harness.folder });
  }

  async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 90_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 200))) {
      if (await holds()) return;
    }
    assert.fail(`${what}: ${readFileSync(join(harness.folder, "upstream.log"), "utf8").slice(-2_000)}`);
  }

  test("leads, makes service accounts, replicates, collects garbage, empties namespaces", async () => {
    assert.equal((await rest.call("POST", "/api/v1/namespaces", { metadata: { name: "n" } })).status, 201);
    const found = async (path: string) => (await rest.call("GET", path)).status === 200;
    await eventually("a leader", () => found("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager"));
    await eventually("the default service account", () => found("/api/v1/namespaces/n/serviceaccounts/default"));
    const labels = { app: "d" };
    const spec = {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "x" }] } },
    };
    const deployments = "/apis/apps/v1/namespaces/n/deployments";
    assert.equal((await rest.call("POST", deployments, { metadata: { name: "d" }, spec })).status, 201);
    const pods = async () => (await rest.call("GET", "/api/v1/namespaces/n/pods")).body.items.length;
    await eventually("two pods", async () => (await pods()) === 2);
    assert.equal((await rest.call("DELETE", `${deployments}/d`)).status, 200);
    await eventually("no pod", async () => (await pods()) === 0);
    await rest.call("POST", "/api/v1/namespaces/n/configmaps", { metadata: { name: "left" } });
    await rest.call("DELETE", "/api/v1/namespaces/n");
    await eventually("no namespace", async () => !(await found("/api/v1/namespaces/n")));
  });
});
