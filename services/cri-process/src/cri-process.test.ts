import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseCriLine } from "@flotilla/cri";
import { ContainerState, PodSandboxState } from "@flotilla/cri/messages.ts";
import {
  eventually,
  exited,
  openStream,
  podConfig,
  runPod,
  skipReason,
  startRuntime,
  statusOf,
  type TestRuntime,
} from "@flotilla/cri/test-support.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const skip = skipReason("root", "busybox");
let runtime: TestRuntime;

before(async () => {
  if (!skip) runtime = await startRuntime(MAIN, { isolated: false, subnet: "10.251.1.0/24" });
});
after(async () => runtime?.stop());

const host = () => runPod(runtime, podConfig(runtime, {}, true));
const logOf = (pod: { config: { logDirectory: string } }, name = "c1") =>
  readFileSync(join(pod.config.logDirectory, name, "0.log"), "utf8");
const contents = (log: string, stream: string) =>
  log
    .split("\n")
    .map(parseCriLine)
    .filter((l) => l?.stream === stream)
    .map((l) => l!.content);
const image = { image: { image: "host:v1" } };

test("a host-network container runs on the machine's own file system, and its end is reported", { skip }, async () => {
  const pod = await host();
  const id = await pod.run({
    ...image,
    command: ["/bin/sh", "-c", 'echo "out $A"; echo err >&2; exit 7'],
    envs: [{ key: "A", value: "it's" }],
  });
  const status = await exited(runtime, id);
  assert.equal(status.exitCode, 7);
  assert.equal(status.reason, "Error");
  assert.ok(BigInt(status.finishedAt) >= BigInt(status.startedAt) && BigInt(status.startedAt) >= BigInt(status.createdAt));
  assert.deepEqual(contents(logOf(pod), "stdout"), ["out it's"]);
  assert.deepEqual(contents(logOf(pod), "stderr"), ["err"]);
});

test("a missing program is refused before anything runs, in the words users know", { skip }, async () => {
  const pod = await host();
  await assert.rejects(pod.run({ ...image, command: ["no-such-program"] }), /exec: "no-such-program": executable file not found in \$PATH/);
  const [container] = (await runtime.call("listContainers", { filter: { podSandboxId: pod.id } })).containers;
  const status = await statusOf(runtime, container.id);
  assert.equal(status.state, ContainerState.CONTAINER_EXITED);
  assert.equal(status.exitCode, 128);
  assert.equal(status.reason, "StartError");
});

test("SIGTERM first; SIGKILL when the time is over; nothing of the tree survives", { skip }, async () => {
  const pod = await host();
  const polite = await pod.run({ ...image, command: ["sh", "-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.02; done"] });
  await eventually("the trap is set", async () => existsSync(join(pod.config.logDirectory, "c1/0.log")) && logOf(pod).includes("ready"));
  await runtime.call("stopContainer", { containerId: polite, timeout: 10 });
  assert.equal((await statusOf(runtime, polite)).exitCode, 3);
  const marker = join(runtime.dir, "child-pid");
  const deaf = await pod.run({
    ...image,
    command: ["sh", "-c", `trap '' TERM; setsid sleep 1000 & echo $! > ${marker}; while :; do sleep 0.02; done`],
  });
  const child = await eventually("the child is there", async () => existsSync(marker) && readFileSync(marker, "utf8").trim());
  await runtime.call("stopContainer", { containerId: deaf, timeout: 1 });
  assert.equal((await statusOf(runtime, deaf)).exitCode, 137);
  await eventually(
    "the child has ended",
    async () => !existsSync(`/proc/${child}`) || /\) Z /.test(readFileSync(`/proc/${child}/stat`, "utf8")),
  );
});

test("containers outlive their adapter, are adopted again, and their log has each line once", { skip }, async () => {
  const pod = await host();
  const stop = join(runtime.dir, "stop-lines");
  const script = `i=0; while [ ! -e ${stop} ]; do echo line $i; i=$((i+1)); sleep 0.01; done; echo $i; exit 5`;
  const id = await pod.run({ ...image, command: ["sh", "-c", script] });
  const before = (await runtime.call("containerStatus", { containerId: id, verbose: true })).info.info;
  await runtime.restart();
  assert.equal((await runtime.call("containerStatus", { containerId: id, verbose: true })).info.info, before);
  writeFileSync(stop, "");
  const status = await exited(runtime, id);
  assert.equal(status.exitCode, 5);
  const lines = contents(logOf(pod), "stdout");
  const count = Number(lines.pop());
  assert.ok(count > 10);
  assert.deepEqual(
    lines,
    Array.from({ length: count }, (_, i) => `line ${i}`),
  );
});

test("a container that ended while no adapter was there is reported with its code", { skip }, async () => {
  const pod = await host();
  const id = await pod.run({ ...image, command: ["sh", "-c", "sleep 0.3; echo last; exit 9"] });
  await runtime.restart();
  await new Promise((resolve) => setTimeout(resolve, 400));
  const status = await exited(runtime, id);
  assert.equal(status.exitCode, 9);
  assert.deepEqual(contents(logOf(pod), "stdout"), ["last"]);
});

test("SIGKILL of a container's process shows as exit code 137", { skip }, async () => {
  const pod = await host();
  const id = await pod.run({ ...image, command: ["sleep", "1000"] });
  const { pid } = JSON.parse((await runtime.call("containerStatus", { containerId: id, verbose: true })).info.info);
  assert.match(readFileSync(`/proc/${pid}/cmdline`, "utf8"), /^sleep\0/);
  process.kill(pid, "SIGKILL");
  assert.equal((await exited(runtime, id)).exitCode, 137);
});

test("exec over a WebSocket: both outputs, the exit code, and input that ends (v5)", { skip }, async () => {
  const pod = await host();
  const id = await pod.run({ ...image, command: ["sleep", "1000"] });
  const { url } = await runtime.call("exec", {
    containerId: id,
    cmd: ["sh", "-c", "cat; echo e >&2; exit 4"],
    stdin: true,
    stdout: true,
    stderr: true,
  });
  const stream = await openStream(url);
  stream.send(0, "to stdin\n");
  stream.send(255, Uint8Array.of(0));
  await stream.closed;
  assert.equal(stream.text(1), "to stdin\n");
  assert.equal(stream.text(2), "e\n");
  assert.equal(stream.status().reason, "NonZeroExitCode");
  assert.deepEqual(stream.status().details.causes, [{ reason: "ExitCode", message: "4" }]);
  await assert.rejects(openStream(url), /404/, "a URL works once");
});

test("exec with a terminal has a size that changes", { skip }, async () => {
  const pod = await host();
  const id = await pod.run({ ...image, command: ["sleep", "1000"] });
  const { url } = await runtime.call("exec", { containerId: id, cmd: ["sh"], stdin: true, stdout: true, tty: true });
  const stream = await openStream(url);
  stream.send(4, JSON.stringify({ Width: 91, Height: 17 }));
  await eventually("the size is set", async () => {
    stream.send(0, "stty size\r");
    await new Promise((resolve) => setTimeout(resolve, 100));
    return /17 91/.test(stream.text(1));
  });
  stream.send(0, "exit 6\r");
  await stream.closed;
  assert.deepEqual(stream.status().details.causes, [{ reason: "ExitCode", message: "6" }]);
});

test("exec of two megabytes loses nothing", { skip }, async () => {
  const pod = await host();
  const id = await pod.run({ ...image, command: ["sleep", "1000"] });
  const { url } = await runtime.call("exec", { containerId: id, cmd: ["head", "-c", "2097152", "/dev/zero"], stdout: true });
  const stream = await openStream(url, "v4.channel.k8s.io");
  await stream.closed;
  assert.equal(stream.bytes(1).length, 2097152);
  assert.equal(stream.status().status, "Success");
});

test("attach carries output from now on and input; stdinOnce ends it", { skip }, async () => {
  const pod = await host();
  const id = await pod.run({
    ...image,
    command: ["sh", "-c", "while read line; do echo got $line; done; echo end"],
    stdin: true,
    stdinOnce: true,
  });
  const { url } = await runtime.call("attach", { containerId: id, stdin: true, stdout: true, stderr: true });
  const stream = await openStream(url);
  stream.send(0, "one\n");
  await eventually("the answer", async () => stream.text(1).includes("got one"));
  stream.send(255, Uint8Array.of(0));
  await stream.closed;
  assert.equal(stream.text(1), "got one\nend\n");
  assert.equal((await exited(runtime, id)).exitCode, 0);
});

test("a container with a terminal of its own", { skip }, async () => {
  const pod = await host();
  const id = await pod.run({ ...image, command: ["sh", "-c", "tty; exit 2"], tty: true });
  assert.equal((await exited(runtime, id)).exitCode, 2);
  assert.match(contents(logOf(pod), "stdout")[0]!, /^\/dev\/pts\/\d+/);
});

test("port-forward: data both ways, the port first on both channels", { skip }, async () => {
  const { createServer } = await import("node:net");
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const pod = await host();
  const { url } = await runtime.call("portForward", { podSandboxId: pod.id, port: [port] });
  const stream = await openStream(url);
  stream.send(0, "echo me");
  await eventually("the echo", async () => stream.text(0).endsWith("echo me"));
  stream.send(255, Uint8Array.of(0));
  await stream.closed;
  assert.equal(stream.bytes(0).readUInt16LE(0), port);
  assert.equal(stream.bytes(1).readUInt16LE(0), port);
  server.close();
});

test("ExecSync: output, code, and an end by its time-out", { skip }, async () => {
  const pod = await host();
  const containerId = await pod.run({ ...image, command: ["sleep", "1000"] });
  const done = await runtime.call("execSync", { containerId, cmd: ["sh", "-c", "echo o; echo e >&2; exit 3"], timeout: 5 });
  assert.deepEqual([done.stdout.toString(), done.stderr.toString(), done.exitCode], ["o\n", "e\n", 3]);
  await assert.rejects(runtime.call("execSync", { containerId, cmd: ["sleep", "60"], timeout: 1 }), { code: 4 });
});

test("an image that is not registered is refused with what to do", { skip }, async () => {
  assert.equal((await runtime.image("imageStatus", { image: { image: "nope" } })).image, undefined);
  await assert.rejects(runtime.image("pullImage", { image: { image: "nope" } }), /flotilla image add/);
  const { image } = await runtime.image("imageStatus", { image: { image: "docker.io/library/busybox" } });
  assert.deepEqual(image.repoTags, ["busybox:latest"]);
  assert.ok(image.size > 100_000);
});

test("stopping and removing twice is harmless; unknown things are NotFound", { skip }, async () => {
  const pod = await host();
  const id = await pod.run({ ...image, command: ["sleep", "1000"] });
  for (let i = 0; i < 2; i++) await runtime.call("stopPodSandbox", { podSandboxId: pod.id });
  assert.equal((await statusOf(runtime, id)).state, ContainerState.CONTAINER_EXITED);
  const { status } = await runtime.call("podSandboxStatus", { podSandboxId: pod.id });
  assert.equal(status.state, PodSandboxState.SANDBOX_NOTREADY);
  for (let i = 0; i < 2; i++) await runtime.call("removePodSandbox", { podSandboxId: pod.id });
  await assert.rejects(runtime.call("containerStatus", { containerId: id }), { code: 5 });
  await runtime.call("stopContainer", { containerId: id, timeout: 1 });
});

test("a log is reopened after its rotation", { skip }, async () => {
  const { renameSync } = await import("node:fs");
  const pod = await host();
  const id = await pod.run({ ...image, command: ["sh", "-c", "echo before; sleep 0.5; echo after; sleep 1000"] });
  const path = join(pod.config.logDirectory, "c1/0.log");
  await eventually("the first line", async () => existsSync(path) && readFileSync(path, "utf8").includes("before"));
  renameSync(path, `${path}.1`);
  await runtime.call("reopenContainerLog", { containerId: id });
  await eventually("the second line", async () => existsSync(path) && readFileSync(path, "utf8").includes("after"));
  assert.ok(!readFileSync(path, "utf8").includes("before"));
});

test("limits and use are those of the container's cgroup", { skip }, async () => {
  const { status } = await runtime.call("status", {});
  const enforced = status.conditions.find((c: { type: string }) => c.type === "ProcessLimitsEnforced").status;
  const pod = await host();
  const resources = { memoryLimitInBytes: 64 * 1024 * 1024, cpuShares: 200 };
  const hog = ["dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"];
  const id = await pod.run({ ...image, command: hog, linux: { resources } });
  if (!enforced) return runtime.call("stopContainer", { containerId: id, timeout: 0 });
  const ended = await exited(runtime, id);
  assert.equal(ended.exitCode, 137);
  assert.equal(ended.reason, "OOMKilled");
  const idle = await pod.run({ ...image, command: ["sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 1000"] });
  await eventually("CPU time is seen", async () => {
    const { stats } = await runtime.call("containerStats", { containerId: idle });
    return stats.cpu.usageCoreNanoSeconds.value > 0 && stats.memory.workingSetBytes.value > 0;
  });
});

test("volumes on the machine's own file system are seen by their container alone", { skip }, async () => {
  const volume = join(runtime.dir, "volume");
  mkdirSync(volume);
  writeFileSync(join(volume, "token"), "secret");
  const pod = await host();
  const target = "/var/run/secrets/flotilla-test/deep";
  const command = ["sh", "-c", `cat ${target}/token; touch ${target}/new; touch /flotilla-test-mark; ls -d /flotilla-test-mark`];
  const id = await pod.run({ ...image, command, mounts: [{ containerPath: target, hostPath: volume, readonly: true }] });
  await exited(runtime, id);
  assert.deepEqual(contents(logOf(pod), "stdout"), ["secret/flotilla-test-mark"]);
  assert.match(contents(logOf(pod), "stderr").join(), /Read-only file system/);
  assert.ok(!existsSync("/flotilla-test-mark") && !existsSync(target));
});
