import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CoreV1Api, type Informer, KubeConfig, makeInformer, type V1ConfigMap } from "@kubernetes/client-node";
import { Harness } from "./harness.ts";

/** The clients that people write programs with, as they are. */
describe("client libraries", () => {
  const harness = new Harness();
  before(() => harness.start(2));
  after(() => harness.stop());

  const configOf = (replica: number): KubeConfig => {
    const config = new KubeConfig();
    config.loadFromFile(join(harness.folder, "kubeconfig"));
    config.setCurrentContext(`admin-${replica}`);
    return config;
  };
  const named = (name: string, value = "1") => ({ metadata: { name, namespace: "default" }, data: { value } });

  async function until(what: string, holds: () => boolean): Promise<void> {
    for (let attempt = 0; attempt < 400; attempt++) {
      if (holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    assert.fail(`${what}: not within ten seconds`);
  }

  test("an informer of @kubernetes/client-node sees every change, also across a kill of its API server", async () => {
    const config = configOf(0);
    const api = config.makeApiClient(CoreV1Api);
    const other = configOf(1).makeApiClient(CoreV1Api);
    const seen = new Map<string, string | undefined>();
    const informer: Informer<V1ConfigMap> = makeInformer(config, "/api/v1/namespaces/default/configmaps", () =>
      api.listNamespacedConfigMap({ namespace: "default" }),
    );
    const note = (object: V1ConfigMap) => void seen.set(object.metadata!.name!, object.data?.["value"]);
    informer.on("add", note);
    informer.on("update", note);
    informer.on("delete", (object) => void seen.delete(object.metadata!.name!));
    let stopped = false;
    informer.on("error", () => void setTimeout(() => stopped || informer.start().catch(() => {}), 100));
    await informer.start();
    try {
      await api.createNamespacedConfigMap({ namespace: "default", body: named("a") });
      await until("the first object", () => seen.get("a") === "1");
      await api.replaceNamespacedConfigMap({ namespace: "default", name: "a", body: named("a", "2") });
      await until("its change", () => seen.get("a") === "2");

      await harness.kill(0);
      await other.createNamespacedConfigMap({ namespace: "default", body: named("b") });
      await other.deleteNamespacedConfigMap({ namespace: "default", name: "a" });
      harness.startReplica(0);
      await until("what happened meanwhile", () => seen.get("b") === "1" && !seen.has("a"));
    } finally {
      stopped = true;
      await informer.stop();
    }
  });

  const python = ["/usr/bin/python3", "python3"].find((path) => spawnSync(path, ["-c", "import kubernetes"]).status === 0);
  test("the Python client reads, writes, watches and discovers", {
    skip: python === undefined && "no kubernetes module for Python here",
  }, async () => {
    const script = `
from kubernetes import client, config, dynamic, watch
config.load_kube_config("${join(harness.folder, "kubeconfig")}", context="admin-1")
core = client.CoreV1Api()
core.create_namespaced_config_map("default", client.V1ConfigMap(metadata=client.V1ObjectMeta(name="py"), data={"a": "b"}))
core.patch_namespaced_config_map("py", "default", {"data": {"a": "c"}})
for event in watch.Watch().stream(core.list_namespaced_config_map, "default", timeout_seconds=10):
    if event["object"].metadata.name == "py":
        print(event["type"], event["object"].data)
        break
try:
    core.read_namespaced_pod("none", "default")
except client.ApiException as error:
    print(error.status, error.reason)
found = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="apps/v1", kind="Deployment")
print(found.name, found.verbs)
core.delete_namespaced_config_map("py", "default")
`;
    const { status, stdout, stderr } = spawnSync(python!, ["-c", script], { encoding: "utf8", timeout: 60_000 });
    assert.equal(status, 0, stderr);
    const verbs = "['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']";
    assert.equal(stdout, `ADDED {'a': 'c'}\n404 Not Found\ndeployments ${verbs}\n`);
  });
});
