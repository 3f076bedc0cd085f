// No Docker: the same with --runtime process, as root and without root.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { TestCluster } from "../support/cluster.ts";
import { busyboxRootfs } from "../support/images.ts";
import { eventually, FLOTILLA, isAlive } from "../support/run.ts";

const NOBODY = 65534;

/** Without root the checkout must be readable by others; a user namespace must be allowed. */
const rootless = spawnSync("setpriv", [
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  "--clear-groups",
  "sh",
  "-c",
  `test -r ${FLOTILLA} && unshare --user --map-root-user --net true`,
]);
const cannot = rootless.status === 0 ? false : "another user cannot read this checkout, or may not make a user namespace";

for (const { who, uid, skip } of [
  { who: "root", uid: undefined, skip: process.getuid?.() !== 0 && "not root" },
  { who: "somebody without root", uid: NOBODY, skip: cannot },
]) {
  describe(`a small cluster of plain processes, by ${who}`, { concurrency: 1, skip }, () => suite(uid));
}

function suite(uid: number | undefined): void {
  const cluster = new TestCluster(uid === undefined ? "e2e-process" : "e2e-rootless", uid);
  const rootfs = busyboxRootfs();
  chmodSync(rootfs, 0o755);
  // In a user namespace only the user's own files can be made to look like root's.
  if (uid !== undefined) spawnSync("chown", ["-R", `${uid}:${uid}`, rootfs]);

  before(async () => {
    await cluster.flotilla(["up", "--runtime", "process", "--control-planes", "1", "--workers", "2"], { timeout_ms: 120_000 });
    await cluster.flotilla(["image", "add", "busybox:1", "--path", rootfs]);
  });
  after(async () => {
    await cluster.destroy();
    rmSync(rootfs, { recursive: true, force: true });
  });

  test("three nodes are Ready and say process://", async () => {
    const rows = (await cluster.kubectl("get", "nodes", "-o", "wide", "--no-headers")).trim().split("\n");
    assert.equal(rows.length, 3);
    for (const row of rows) assert.match(row, /\sReady\s.*process:\/\//);
  });

  test("pods have their own addresses, namespaces and root, and reach each other", async () => {
    await cluster.kubectl(
      "create",
      "deployment",
      "web",
      "--image=busybox:1",
      "--replicas=2",
      "--",
      "sh",
      "-c",
      "echo $HOSTNAME > /www/index.html; httpd -f -p 8080 -h /www",
    );
    await cluster.kubectl("rollout", "status", "deploy/web", "--timeout=60s");
    await cluster.kubectl("expose", "deployment", "web", "--port=80", "--target-port=8080");
    const pods = (await cluster.json("get", "pods", "-l", "app=web")).items;
    assert.equal(new Set(pods.map((p: any) => p.status.podIP)).size, 2);
    const [a, b] = pods;
    const body = await cluster.kubectl("exec", a.metadata.name, "--", "wget", "-qO-", `http://${b.status.podIP}:8080/`);
    assert.equal(body.trim(), b.metadata.name);
    assert.equal((await cluster.kubectl("exec", a.metadata.name, "--", "hostname")).trim(), a.metadata.name);
    const ip = (await cluster.json("get", "svc", "web")).spec.clusterIP;
    await eventually("the service answers", () => cluster.kubectl("exec", a.metadata.name, "--", "wget", "-qO-", `http://${ip}/`), 20_000);
  });

  test("logs, a killed process and deletion", async () => {
    await cluster.kubectl(
      "run",
      "talk",
      "--image=busybox:1",
      "--command",
      "--",
      "sh",
      "-c",
      "for i in 1 2 3; do echo line $i; done; sleep 3600",
    );
    await cluster.kubectl("wait", "--for=condition=Ready", "pod/talk", "--timeout=30s");
    assert.equal(await cluster.kubectl("logs", "talk"), "line 1\nline 2\nline 3\n");
    await cluster.kubectl("delete", "pod", "talk", "--now");
    await cluster.kubectl("delete", "deployment", "web");
    await eventually("the pods are gone", async () => (await cluster.json("get", "pods")).items.length === 0);
    await cluster.kubectl("run", "last", "--image=busybox:1", "--command", "--", "sleep", "3600");
    await cluster.kubectl("wait", "--for=condition=Ready", "pod/last", "--timeout=30s");
  });

  test("down leaves nothing behind, with pods still running", async () => {
    const pids = (await cluster.status()).components.map((c) => c.pid);
    await cluster.flotilla(["down"]);
    assert.deepEqual(pids.filter(isAlive), [], "processes are still there");
    assert.equal(existsSync(join(cluster.home, "state", cluster.name)), false, "the state folder is still there");
  });
}
