import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestCluster } from "../../support/cluster.ts";
import { eventually } from "../../support/run.ts";

/** What a person reaches for when something is wrong: debug, top, the proxy subresources. */
export function diagnoseSuite(cluster: TestCluster, image: string): void {
  const POD = "/api/v1/namespaces/default/pods/looked-into";

  test("a pod to look into", async () => {
    await cluster.kubectl(
      "run",
      "looked-into",
      `--image=${image}`,
      "--port=8080",
      "--expose",
      "--command",
      "--",
      "httpd",
      "-f",
      "-p",
      "8080",
      "-h",
      "/etc",
    );
    await cluster.kubectl("wait", "--for=condition=Ready", "pod/looked-into", "--timeout=60s");
  });

  test("debug starts a container beside it that sees its processes", async () => {
    const { code, stdout, stderr } = await cluster.tryKubectl(
      ["debug", "looked-into", `--image=${image}`, "--target=looked-into", "--container=dbg", "-i", "--", "sh"],
      { stdin: "ps; exit 0\n", timeout_ms: 60_000 },
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /httpd -f -p 8080/);
    const pod = await eventually("its end is told", async () => {
      const { status } = await cluster.json("get", "pod", "looked-into");
      return status.ephemeralContainerStatuses?.[0]?.state?.terminated && status;
    });
    assert.equal(pod.containerStatuses[0].restartCount, 0);
    assert.match(await cluster.kubectl("logs", "looked-into", "-c", "dbg"), /httpd -f -p 8080/);
  });

  test("top tells what nodes and pods use", async () => {
    assert.match(await cluster.kubectl("top", "nodes"), /^NAME +CPU\(cores\)[^\n]*\n(\S+ +\d+m +\d+% +\d+Mi +\d+%\s+)+$/);
    await eventually("the pod is measured", () => cluster.kubectl("top", "pod", "looked-into", "--containers"), 30_000);
  });

  test("pods, services and nodes answer through the API server", async () => {
    assert.match(await cluster.kubectl("get", "--raw", `${POD}:8080/proxy/hostname`), /looked-into/);
    await eventually(
      "the service answers",
      async () =>
        /looked-into/.test(await cluster.kubectl("get", "--raw", "/api/v1/namespaces/default/services/looked-into/proxy/hostname")),
      30_000,
    );
    const { items } = await cluster.json("get", "nodes");
    for (const { metadata } of items) {
      for (const name of [metadata.name, `${metadata.name}:10250`]) {
        assert.equal(await cluster.kubectl("get", "--raw", `/api/v1/nodes/${name}/proxy/healthz`), "ok");
      }
    }
    await cluster.kubectl("delete", "pod,service", "looked-into", "--now");
  });
}
