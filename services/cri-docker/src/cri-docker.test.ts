import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ContainerState, PodSandboxState } from "@flotilla/cri/messages.ts";
import {
  busyboxRoot,
  eventually,
  exited,
  openStream,
  podConfig,
  runPod,
  skipReason,
  startRuntime,
  statusOf,
  type TestPod,
  type TestRuntime,
} from "@flotilla/cri/test-support.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const skip = skipReason("root", "docker", "busybox");
const IMAGE = `flotilla-test/busybox:${process.pid}`;
const CLUSTER = `test-${process.pid}`;
const docker = (...args: string[]) => execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
let runtime: TestRuntime;

before(async () => {
  if (skip) return;
  const args = ["--labels", `flotilla.cluster=${CLUSTER},flotilla.machine=m1`];
  runtime = await startRuntime(MAIN, { isolated: false, subnet: "10.251.3.0/24", args });
  const rootfs = await busyboxRoot(join(runtime.dir, "scratch"));
  writeFileSync(
    join(rootfs, "Dockerfile"),
    'FROM scratch\nCOPY . /\nENV FROM_IMAGE=yes\nUSER 1000:1001\nENTRYPOINT ["sh", "-c"]\nCMD ["echo default"]\n',
  );
  docker("build", "-q", "-t", IMAGE, rootfs);
});
after(async () => {
  if (skip) return;
  await runtime.stop();
  docker("rmi", "-f", IMAGE);
  execFileSync("sh", ["-c", "ip link del crit0 2>/dev/null || :"]); // this test's machine is the host itself
});

const image = { image: { image: IMAGE } };
const pod = (hostNetwork = false) => runPod(runtime, podConfig(runtime, {}, hostNetwork), "docker");
const logLines = (p: TestPod, name = "c1"): { log: string; stream: string }[] =>
  readFileSync(join(p.config.logDirectory, name, "0.log"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const sh = async (containerId: string, script: string) =>
  (await runtime.call("execSync", { containerId, cmd: ["sh", "-c", script], timeout: 10 })).stdout.toString().trim();

test("two containers of a pod: one address, one loopback, the pod's DNS, its log behind log_path", { skip }, async () => {
  const dnsConfig = { servers: ["10.96.0.10"], searches: ["default.svc.cluster.local"], options: ["ndots:5"] };
  const p = await runPod(runtime, podConfig(runtime, { dnsConfig }), "docker");
  await p.run({ ...image, args: ["echo out; echo err >&2; while :; do echo hi | nc -l -p 8080; done"] });
  const other = await p.run({ ...image, command: ["sleep"], args: ["1000"] });
  assert.equal(await eventually("the neighbour answers", () => sh(other, "nc -w 1 127.0.0.1 8080 < /dev/null")), "hi");
  assert.equal(await sh(other, "cat /etc/resolv.conf"), "search default.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5");
  assert.equal(await sh(other, "hostname; echo $FROM_IMAGE"), `${p.config.hostname}\nyes`);
  const { status } = await runtime.call("podSandboxStatus", { podSandboxId: p.id });
  assert.match(status.network.ip, /^10\.251\.3\./);
  // The machine reaches the pod: port 9 is closed there, which only the pod itself can say.
  const { connect } = await import("node:net");
  const answer = await new Promise((resolve) => connect(9, status.network.ip).once("error", resolve).once("connect", resolve));
  assert.equal((answer as NodeJS.ErrnoException)?.code, "ECONNREFUSED");
  const log = logLines(p);
  assert.deepEqual(log.map((l) => `${l.stream} ${l.log}`).sort(), ["stderr err\n", "stdout out\n"]);
});

test("a host-network pod of Docker lives in the machine's network namespace", { skip }, async () => {
  const p = await pod(true);
  const id = await p.run({ ...image, command: ["sleep", "1000"] });
  const { pid } = JSON.parse((await runtime.call("containerStatus", { containerId: id, verbose: true })).info.info);
  assert.equal(readlinkSync(`/proc/${pid}/ns/net`), readlinkSync("/proc/self/ns/net"));
});

test("exit codes, reasons, and a program that is not there", { skip }, async () => {
  const p = await pod();
  const seven = await exited(runtime, await p.run({ ...image, args: ["exit 7"] }));
  assert.deepEqual([seven.exitCode, seven.reason], [7, "Error"]);
  const zero = await exited(runtime, await p.run(image));
  assert.deepEqual([zero.exitCode, zero.reason], [0, "Completed"]);
  assert.ok(BigInt(zero.startedAt) > 0n && BigInt(zero.finishedAt) >= BigInt(zero.startedAt));
  assert.deepEqual(
    logLines(p, "c2").map((l) => l.log),
    ["default\n"],
  );
  await assert.rejects(p.run({ ...image, command: ["nope"] }), /Error response from daemon: .*"nope": executable file not found in \$PATH/);
  const { containers } = await runtime.call("listContainers", { filter: { podSandboxId: p.id } });
  const failed = containers.find((c: { metadata: { name: string } }) => c.metadata.name === "c3");
  assert.equal((await statusOf(runtime, failed.id)).state, ContainerState.CONTAINER_EXITED);
});

test("out of memory has its reason; limits and users are Docker's", { skip }, async () => {
  const p = await pod();
  const linux = {
    resources: { memoryLimitInBytes: 32 * 1024 * 1024, cpuShares: 102, oomScoreAdj: -998 },
    securityContext: { runAsUser: { value: 1234 } },
  };
  const id = await p.run({ ...image, args: ["id -u; exec dd if=/dev/zero of=/dev/null bs=200M count=1"], linux });
  const status = await exited(runtime, id);
  assert.deepEqual([status.exitCode, status.reason], [137, "OOMKilled"]);
  assert.deepEqual(
    logLines(p)
      .filter((l) => l.stream === "stdout")
      .map((l) => l.log),
    ["1234\n"],
  );
});

test("the daemon is the only memory: a new adapter knows all pods, and stops them", { skip }, async () => {
  const p = await pod();
  const id = await p.run({
    ...image,
    command: ["sleep", "1000"],
    labels: { "io.kubernetes.container.name": "web" },
    annotations: { a: "b" },
  });
  const before = await runtime.call("podSandboxStatus", { podSandboxId: p.id, verbose: true });
  await runtime.restart();
  assert.deepEqual(await runtime.call("podSandboxStatus", { podSandboxId: p.id, verbose: true }), before);
  const { containers } = await runtime.call("listContainers", { filter: { labelSelector: { "io.kubernetes.container.name": "web" } } });
  assert.deepEqual(
    containers.map((c: { id: string }) => c.id),
    [id],
  );
  assert.deepEqual(containers[0].annotations, { a: "b" });
  await runtime.call("stopContainer", { containerId: id, timeout: 1 });
  assert.equal((await statusOf(runtime, id)).exitCode, 137);
  for (let i = 0; i < 2; i++) await runtime.call("stopPodSandbox", { podSandboxId: p.id });
  const { status } = await runtime.call("podSandboxStatus", { podSandboxId: p.id });
  assert.equal(status.state, PodSandboxState.SANDBOX_NOTREADY);
  for (let i = 0; i < 2; i++) await runtime.call("removePodSandbox", { podSandboxId: p.id });
  assert.ok(!existsSync(join(runtime.dir, "root/docker", p.id)));
});

test("another machine's containers are not seen", { skip }, async () => {
  const labels = [
    "--label",
    "flotilla.cri.kind=container",
    "--label",
    `flotilla.cluster=${CLUSTER}`,
    "--label",
    "flotilla.machine=m2",
    "--label",
    `flotilla.cri.root=${join(runtime.dir, "root")}`,
  ];
  const foreign = docker("create", ...labels, "--label", "flotilla.cri.config={}", IMAGE);
  const { containers } = await runtime.call("listContainers", {});
  docker("rm", foreign);
  assert.ok(!containers.some((c: { id: string }) => c.id === foreign));
});

test("exec, attach and port-forward streams", { skip }, async () => {
  const p = await pod();
  const id = await p.run({ ...image, args: ["while read line; do echo got $line; done; echo end"], stdin: true, stdinOnce: true });
  const exec = await runtime.call("exec", {
    containerId: id,
    cmd: ["sh", "-c", "cat; echo e >&2; exit 4"],
    stdin: true,
    stdout: true,
    stderr: true,
  });
  const stream = await openStream(exec.url);
  stream.send(0, "to stdin\n");
  stream.send(255, Uint8Array.of(0));
  await stream.closed;
  assert.deepEqual([stream.text(1), stream.text(2)], ["to stdin\n", "e\n"]);
  assert.deepEqual(stream.status().details.causes, [{ reason: "ExitCode", message: "4" }]);

  const tty = await openStream((await runtime.call("exec", { containerId: id, cmd: ["sh"], stdin: true, stdout: true, tty: true })).url);
  tty.send(4, JSON.stringify({ Width: 91, Height: 17 }));
  await eventually("the size is set", async () => {
    tty.send(0, "stty size\r");
    await new Promise((resolve) => setTimeout(resolve, 100));
    return /17 91/.test(tty.text(1));
  });
  tty.send(0, "exit 6\r");
  await tty.closed;
  assert.deepEqual(tty.status().details.causes, [{ reason: "ExitCode", message: "6" }]);

  const attach = await openStream((await runtime.call("attach", { containerId: id, stdin: true, stdout: true, stderr: true })).url);
  attach.send(0, "one\n");
  await eventually("the answer", async () => attach.text(1).includes("got one"));
  attach.send(255, Uint8Array.of(0));
  await attach.closed;
  assert.equal(attach.text(1), "got one\nend\n");

  const kept = await p.run({ ...image, args: ["read line; sleep 1; echo late $line"], stdin: true });
  const once = await openStream((await runtime.call("attach", { containerId: kept, stdin: true, stdout: true, stderr: true })).url);
  once.send(0, "one\n");
  once.send(255, Uint8Array.of(0));
  await once.closed;
  assert.equal(once.text(1), "late one\n", "the end of the input does not end the output");

  await p.run({ ...image, args: ["while :; do nc -l -p 7000 -e cat; done"] });
  const forward = await eventually("a connection", async () => {
    const s = await openStream((await runtime.call("portForward", { podSandboxId: p.id, port: [7000] })).url);
    await Promise.race([s.closed, new Promise((resolve) => setTimeout(resolve, 300))]);
    return s.ws.readyState === s.ws.OPEN && s;
  });
  forward.send(0, "ping\n");
  await eventually("the echo", async () => forward.text(0).endsWith("ping\n"));
  forward.ws.close();
});

test("ExecSync ends by its time-out, and its process with it", { skip }, async () => {
  const p = await pod();
  const containerId = await p.run({ ...image, command: ["sleep", "1000"] });
  await assert.rejects(runtime.call("execSync", { containerId, cmd: ["sleep", "4321"], timeout: 1 }), { code: 4 });
  await eventually("it is gone", async () => !docker("top", containerId).includes("sleep 4321"));
});

test("images: status with user, list, removal; a pull that can't work fails soon with Docker's words", { skip }, async () => {
  const { image: found } = await runtime.image("imageStatus", { image: { image: IMAGE } });
  assert.deepEqual([found.uid.value, found.repoTags, found.id.slice(0, 7)], [1000, [IMAGE], "sha256:"]);
  assert.equal((await runtime.image("imageStatus", { image: { image: "flotilla-test/none:1" } })).image, undefined);
  const listed = (await runtime.image("listImages", { filter: { image: { image: IMAGE } } })).images;
  assert.ok(listed.some((i: { id: string }) => i.id === found.id));
  const started = performance.now();
  await assert.rejects(runtime.image("pullImage", { image: { image: "localhost:1/none:1" } }), /Error response from daemon: /);
  assert.ok(performance.now() - started < 5000);
  docker("tag", IMAGE, `${IMAGE}-again`);
  await runtime.image("removeImage", { image: { image: `${IMAGE}-again` } });
  assert.equal((await runtime.image("imageStatus", { image: { image: `${IMAGE}-again` } })).image, undefined);
  assert.ok((await runtime.image("imageStatus", { image: { image: IMAGE } })).image, "its other name stays");
});

test("stats come with use of CPU and memory", { skip }, async () => {
  const p = await pod();
  const id = await p.run({ ...image, args: ["i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 1000"] });
  await eventually("use is seen", async () => {
    const { stats } = await runtime.call("listContainerStats", { filter: { podSandboxId: p.id } });
    return stats[0]?.attributes.id === id && stats[0].cpu.usageCoreNanoSeconds.value > 0 && stats[0].memory.workingSetBytes.value > 0;
  });
});

test("the process handler serves pods beside Docker's in one endpoint", { skip }, async () => {
  const volume = join(runtime.dir, "vol");
  mkdirSync(volume);
  const p = await runPod(runtime, podConfig(runtime, {}, true), "process");
  const id = await p.run({ image: { image: "host:v1" }, command: ["sh", "-c", "exit 3"] });
  assert.equal((await exited(runtime, id)).exitCode, 3);
  const { items } = await runtime.call("listPodSandbox", {});
  const handlers = new Set(items.map((s: { runtimeHandler: string }) => s.runtimeHandler));
  assert.deepEqual([...handlers].sort(), ["docker", "process"]);
  await assert.rejects(runPod(runtime, podConfig(runtime), "hollow"), /no runtime handler "hollow" is configured; known: docker, process/);
});

test("a machine started again has a new network: pods that ran through it are not ready, and can be cleared away", { skip }, async () => {
  const machine = await startRuntime(MAIN, {
    isolated: true,
    subnet: "10.251.4.0/24",
    args: ["--labels", `flotilla.cluster=${CLUSTER}-again`],
  });
  const pods = [await runPod(machine, podConfig(machine), "docker"), await runPod(machine, podConfig(machine, {}, true), "docker")];
  const ids = await Promise.all(pods.map((p) => p.run({ ...image, command: ["sleep", "1000"] })));
  const states = async () => (await machine.call("listPodSandbox", {})).items.map((s: { state: number }) => s.state);
  assert.deepEqual(await states(), [PodSandboxState.SANDBOX_READY, PodSandboxState.SANDBOX_READY]);
  await machine.restart();
  assert.deepEqual(await states(), [PodSandboxState.SANDBOX_NOTREADY, PodSandboxState.SANDBOX_NOTREADY]);
  for (const p of pods) await machine.call("stopPodSandbox", { podSandboxId: p.id });
  for (const id of ids) assert.equal((await statusOf(machine, id)).state, ContainerState.CONTAINER_EXITED);
  await machine.stop();
});
