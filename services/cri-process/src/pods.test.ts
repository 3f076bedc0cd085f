import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ContainerState } from "@flotilla/cri/messages.ts";
import {
  eventually,
  exited,
  openStream,
  podConfig,
  runPod,
  skipReason,
  startRuntime,
  type TestPod,
  type TestRuntime,
} from "@flotilla/cri/test-support.ts";

// Pods with a network of their own need a machine of their own: this file runs itself
// again in fresh namespaces, once as root and once as an ordinary user would (rootless).
const INNER = "FLOTILLA_TEST_INNER";
const MAIN = new URL("./main.ts", import.meta.url).pathname;
const SUBNET = "10.251.2.0/24";
const skip = skipReason("root", "busybox");

if (process.env[INNER]) innerTests(process.env[INNER] === "rootless");
else {
  for (const [name, flags] of [
    ["root", ["--net"]],
    ["rootless", ["--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--mount-proc"]],
  ] as const) {
    test(`pods in their own namespaces, ${name}`, { skip }, () => {
      const env: NodeJS.ProcessEnv = { ...process.env, [INNER]: name };
      delete env["NODE_TEST_CONTEXT"];
      const argv = [...flags, "--", process.execPath, "--test", "--test-reporter=spec", import.meta.filename];
      const result = spawnSync("unshare", argv, { env, encoding: "utf8", timeout: 120_000 });
      assert.equal(result.status, 0, `${result.stdout}\n${result.stderr}`);
      assert.match(result.stdout, /pass [1-9]/);
    });
  }
}

function innerTests(rootless: boolean): void {
  let runtime: TestRuntime;
  before(async () => {
    execFileSync("ip", ["link", "set", "lo", "up"]);
    runtime = await startRuntime(MAIN, { isolated: false, subnet: SUBNET, args: rootless ? ["--cni-bin-dir", "/nonexistent"] : [] });
  });
  after(async () => runtime?.stop());

  const busybox = { image: { image: "busybox" } };
  const ipOf = async (pod: TestPod) => (await runtime.call("podSandboxStatus", { podSandboxId: pod.id })).status.network.ip as string;
  const sh = async (containerId: string, script: string) => {
    const { stdout, stderr, exitCode } = await runtime.call("execSync", { containerId, cmd: ["sh", "-c", script], timeout: 10 });
    return { out: stdout.toString().trim(), err: stderr.toString().trim(), code: exitCode };
  };

  test("containers of a pod share address, loopback and host name, and see only their own processes", async () => {
    const dnsConfig = { servers: ["10.96.0.10"], searches: ["svc.cluster.local"], options: ["ndots:5"] };
    const pod = await runPod(runtime, podConfig(runtime, { dnsConfig }));
    const server = await pod.run({ ...busybox, command: ["sh", "-c", "while :; do echo from-pod | nc -l -p 8080; done"] });
    const other = await pod.run({ ...busybox, command: ["sleep", "1000"] });
    const answer = await eventually("the neighbour answers", async () => (await sh(other, "nc -w 1 127.0.0.1 8080 < /dev/null")).out);
    assert.equal(answer, "from-pod");
    assert.equal((await sh(other, "hostname")).out, pod.config.hostname);
    assert.equal((await sh(other, "cat /etc/resolv.conf")).out, "search svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5");
    const processes = (await sh(other, "ps -o pid,args")).out;
    assert.match(processes, /^\s*1 sleep 1000$/m);
    assert.ok(!processes.includes("nc -l"), processes);
    assert.ok((await sh(server, "ps -o args")).out.includes("while :"));
  });

  test("two pods reach each other, and the machine reaches them", async () => {
    const [a, b] = [await runPod(runtime, podConfig(runtime)), await runPod(runtime, podConfig(runtime))];
    assert.notEqual(await ipOf(a), await ipOf(b));
    assert.match(await ipOf(a), /^10\.251\.2\./);
    await a.run({ ...busybox, command: ["sh", "-c", "while :; do echo hello from $HOSTNAME | nc -l -p 80; done"] });
    const client = await b.run({ ...busybox, command: ["sleep", "1000"] });
    const ip = await ipOf(a);
    assert.equal(
      await eventually("a answers b", async () => (await sh(client, `nc -w 1 ${ip} 80 < /dev/null`)).out),
      `hello from ${a.config.hostname}`,
    );
  });

  test("port-forward reaches a server that listens on the pod's loopback only", async () => {
    const pod = await runPod(runtime, podConfig(runtime));
    const program = 'require("net").createServer((s) => s.pipe(s)).listen(9000, "127.0.0.1")';
    await pod.run({ image: { image: "host:v1" }, command: [process.execPath, "-e", program] });
    const stream = await eventually("a connection", async () => {
      const { url } = await runtime.call("portForward", { podSandboxId: pod.id, port: [9000] });
      const s = await openStream(url);
      await Promise.race([s.closed, new Promise((resolve) => setTimeout(resolve, 300))]);
      return s.ws.readyState === s.ws.OPEN && s;
    });
    stream.send(0, "ping\n");
    await eventually("the echo", async () => stream.text(0).endsWith("ping\n"));
    stream.ws.close();
    const closed = await runtime.call("portForward", { podSandboxId: pod.id, port: [9001] });
    const refused = await openStream(closed.url);
    await refused.closed;
    assert.match(refused.text(1), /error forwarding port 9001 to pod.*ECONNREFUSED/);
  });

  test("an image is a template: what one container writes no other sees", async () => {
    const pod = await runPod(runtime, podConfig(runtime));
    const one = await pod.run({ ...busybox, command: ["sleep", "1000"] });
    const two = await pod.run({ ...busybox, command: ["sleep", "1000"] });
    assert.equal((await sh(one, "echo x > /mark; cat /mark")).out, "x");
    assert.equal((await sh(two, "cat /mark")).code, 1);
    assert.ok(!existsSync(join(runtime.dir, "busybox/mark")));
    assert.equal((await sh(one, "ls /")).out.includes("lost+found"), false);
  });

  test("a read-only root file system, volumes, a working directory, a user", async () => {
    const volume = join(runtime.dir, "vol");
    mkdirSync(volume, { recursive: true });
    writeFileSync(join(volume, "f"), "from volume");
    const pod = await runPod(runtime, podConfig(runtime));
    const mounts = [
      { containerPath: "/data/deep", hostPath: volume },
      { containerPath: "/etc/one file", hostPath: join(volume, "f"), readonly: true },
    ];
    const user = rootless ? {} : { runAsUser: { value: 1000 }, runAsGroup: { value: 1001 }, supplementalGroups: [2000] };
    const security = { readonlyRootfs: true, ...user };
    const id = await pod.run({ ...busybox, command: ["sleep", "1000"], workingDir: "/data", mounts, linux: { securityContext: security } });
    assert.equal((await sh(id, "pwd; cat deep/f '/etc/one file'")).out, "/data\nfrom volumefrom volume");
    assert.match((await sh(id, "echo > /x")).err, /Read-only file system/);
    assert.match((await sh(id, "echo > '/etc/one file'")).err, /Read-only file system|Permission denied/);
    if (!rootless) assert.match((await sh(id, "id")).out, /uid=1000\(web\) gid=1001\(web\)/);
    assert.equal((await sh(id, "echo new > /data/deep/g; cat /data/deep/g")).out, rootless ? "new" : "");
  });

  test("a container's whole tree ends with it", async () => {
    const pod = await runPod(runtime, podConfig(runtime));
    const id = await pod.run({
      ...busybox,
      command: ["sh", "-c", "sleep 4242 & sleep 4242 & trap 'exit 0' TERM; while :; do sleep 0.02; done"],
    });
    const count = () => readdirSync("/proc").filter((p) => /^\d+$/.test(p) && cmdline(p) === "sleep 4242").length;
    await eventually("the children", async () => count() === 2);
    await new Promise((resolve) => setTimeout(resolve, 100)); // the trap is set
    await runtime.call("stopContainer", { containerId: id, timeout: 5 });
    assert.equal((await exited(runtime, id)).exitCode, 0);
    await eventually("no children", async () => count() === 0);
  });

  test("with a shared pid namespace one container sees the other's processes", async () => {
    const config = podConfig(runtime, { linux: { securityContext: { namespaceOptions: { network: 0, pid: 0 } } } });
    const pod = await runPod(runtime, config);
    const part = { linux: { securityContext: { namespaceOptions: { network: 0 as const, pid: 0 as const } } } };
    await pod.run({ ...busybox, command: ["sleep", "777"], ...part });
    const id = await pod.run({ ...busybox, command: ["sleep", "888"], ...part });
    const seen = (await sh(id, "ps -o pid,args")).out;
    assert.match(seen, /1 .*pause/);
    assert.match(seen, /sleep 777/);
  });

  test("a stopped sandbox gives its address and its interface back", async () => {
    const pod = await runPod(runtime, podConfig(runtime));
    const id = await pod.run({ ...busybox, command: ["sleep", "1000"] });
    const ip = await ipOf(pod);
    const lease = join(runtime.dir, "ipam/test", ip);
    assert.ok(existsSync(lease));
    const links = () =>
      execFileSync("ip", ["-o", "link"], { encoding: "utf8" })
        .split("\n")
        .filter((l) => l.includes("veth")).length;
    const before = links();
    await runtime.call("stopPodSandbox", { podSandboxId: pod.id });
    assert.ok(!existsSync(lease));
    assert.equal(links(), before - 1);
    const { status } = await runtime.call("containerStatus", { containerId: id });
    assert.equal(status.state, ContainerState.CONTAINER_EXITED);
  });

  test("a pod survives its adapter and can be stopped by the next one", async () => {
    const pod = await runPod(runtime, podConfig(runtime));
    const id = await pod.run({ ...busybox, command: ["sleep", "1000"] });
    const ip = await ipOf(pod);
    await runtime.restart();
    assert.equal(await ipOf(pod), ip);
    assert.equal((await sh(id, "echo still")).out, "still");
    await runtime.call("stopContainer", { containerId: id, timeout: 0 });
    assert.equal((await exited(runtime, id)).exitCode, 137);
    await runtime.call("removePodSandbox", { podSandboxId: pod.id });
  });
}

function cmdline(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
  } catch {
    return "";
  }
}
