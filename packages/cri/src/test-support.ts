import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "@flotilla/base";
import { systemClock } from "@flotilla/process";
import * as grpc from "@grpc/grpc-js";
import { WebSocket } from "ws";
import { addImage } from "./images.ts";
import * as cri from "./messages.ts";

/** For tests: a runtime's real main, in a network namespace of its own when asked, and a client for it. */
export interface TestRuntime {
  dir: string;
  call(method: string, request: object): Promise<any>;
  image(method: string, request: object): Promise<any>;
  /** SIGKILL and a new start on the same state. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const BUSYBOX = "/bin/busybox";
export const APPLETS = [
  "sh",
  "cat",
  "echo",
  "sleep",
  "id",
  "ls",
  "hostname",
  "nc",
  "kill",
  "ps",
  "stty",
  "touch",
  "head",
  "dd",
  "wc",
  "tail",
];

export function skipReason(...needs: ("root" | "docker" | "busybox")[]): string | false {
  if (needs.includes("root") && process.getuid?.() !== 0) return "needs root";
  if (needs.includes("busybox") && !existsSync(BUSYBOX)) return "needs busybox-static";
  if (needs.includes("docker") && !existsSync("/var/run/docker.sock")) return "needs Docker";
  return false;
}

/** A root file system of one static program: what "FROM scratch" with busybox would be. */
export async function busyboxRoot(dir: string): Promise<string> {
  const { symlinkSync } = await import("node:fs");
  mkdirSync(join(dir, "bin"), { recursive: true });
  mkdirSync(join(dir, "etc"));
  await cp(BUSYBOX, join(dir, "bin/busybox"));
  for (const applet of APPLETS) symlinkSync("busybox", join(dir, "bin", applet));
  writeFileSync(join(dir, "etc/passwd"), "root:x:0:0::/root:/bin/sh\nweb:x:1000:1001::/:/bin/sh\n");
  writeFileSync(join(dir, "etc/group"), "root:x:0:\nweb:x:1001:\n");
  return dir;
}

export async function startRuntime(main: string, options: { isolated: boolean; subnet: string; args?: string[] }): Promise<TestRuntime> {
  const dir = mkdtempSync(join(tmpdir(), "flotilla-cri-"));
  const socket = join(dir, "cri.sock");
  mkdirSync(join(dir, "cni"));
  const ipam = { type: "host-local", ranges: [[{ subnet: options.subnet }]], dataDir: join(dir, "ipam"), routes: [{ dst: "0.0.0.0/0" }] };
  const bridge = { type: "bridge", bridge: "crit0", isGateway: true, hairpinMode: true, ipam };
  writeFileSync(
    join(dir, "cni/10-test.conflist"),
    JSON.stringify({ cniVersion: "1.0.0", name: "test", plugins: [bridge, { type: "loopback" }] }),
  );
  const rootfs = await busyboxRoot(join(dir, "busybox"));
  await addImage(join(dir, "images"), { name: "busybox", rootfs, cmd: ["sh"] });
  await addImage(join(dir, "images"), { name: "host:v1", rootfs: "/" });
  const argv = [
    ...(options.isolated ? ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"] : []),
    ...[process.execPath, main, "--listen", `unix://${socket}`, "--root-dir", join(dir, "root"), "--image-dir", join(dir, "images")],
    ...["--cni-conf-dir", join(dir, "cni"), "--cgroup-parent", `flotilla-test-${process.pid}`, ...(options.args ?? [])],
  ];
  let child: ChildProcess;
  const runtime = new cri.RuntimeServiceClient(`unix://${socket}`, grpc.credentials.createInsecure(), {
    "grpc.max_reconnect_backoff_ms": 100,
  });
  const images = new cri.ImageServiceClient(`unix://${socket}`, grpc.credentials.createInsecure(), {
    "grpc.max_reconnect_backoff_ms": 100,
  });
  const start = async () => {
    child = spawn(argv[0]!, argv.slice(1), { stdio: ["ignore", "ignore", "inherit"] });
    for (const client of [runtime, images]) {
      await new Promise<void>((resolve, reject) =>
        client.waitForReady(systemClock.now() + 15_000, (error) => (error ? reject(error) : resolve())),
      );
    }
  };
  const end = (signal: NodeJS.Signals) =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode) return resolve();
      child.once("exit", () => resolve());
      child.kill(signal);
    });
  const caller = (client: object) => (method: string, part: object) => {
    const request = (cri as any)[`${method[0]!.toUpperCase()}${method.slice(1)}Request`].fromPartial(part);
    return new Promise<any>((resolve, reject) =>
      (client as any)[method](request, (e: Error | null, r: unknown) => (e ? reject(e) : resolve(r))),
    );
  };
  await start();
  const call = caller(runtime);
  return {
    dir,
    call,
    image: caller(images),
    async restart() {
      await end("SIGKILL");
      await start();
    },
    async stop() {
      for (const { id } of (await call("listPodSandbox", {})).items) await call("removePodSandbox", { podSandboxId: id });
      await end("SIGTERM");
      runtime.close();
      images.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

let serial = 0;

export function podConfig(
  runtime: TestRuntime,
  part: cri.DeepPartial<cri.PodSandboxConfig> = {},
  hostNetwork = false,
): cri.PodSandboxConfig {
  const name = `pod-${++serial}`;
  return cri.PodSandboxConfig.fromPartial({
    metadata: { name, uid: `uid-${process.pid}-${serial}`, namespace: "default", attempt: 0 },
    hostname: name,
    logDirectory: join(runtime.dir, "logs", name),
    linux: { securityContext: { namespaceOptions: { network: hostNetwork ? 2 : 0, pid: 1 } } },
    ...part,
  });
}

export interface TestPod {
  id: string;
  config: cri.PodSandboxConfig;
  /** Creates and starts a container; returns its id. */
  run(part: cri.DeepPartial<cri.ContainerConfig>): Promise<string>;
}

export async function runPod(runtime: TestRuntime, config: cri.PodSandboxConfig, runtimeHandler = ""): Promise<TestPod> {
  const { podSandboxId: id } = await runtime.call("runPodSandbox", { config, runtimeHandler });
  let containers = 0;
  return {
    id,
    config,
    async run(part) {
      const name = `c${++containers}`;
      const container = cri.ContainerConfig.fromPartial({ metadata: { name, attempt: 0 }, logPath: `${name}/0.log`, ...part });
      const { containerId } = await runtime.call("createContainer", { podSandboxId: id, config: container, sandboxConfig: config });
      await runtime.call("startContainer", { containerId });
      return containerId;
    },
  };
}

export async function statusOf(runtime: TestRuntime, containerId: string): Promise<cri.ContainerStatus> {
  return (await runtime.call("containerStatus", { containerId, verbose: true })).status;
}

/** Waits until `look` gives something; fails with the last thing seen. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>, limit_ms = 10_000): Promise<T> {
  const deadline = performance.now() + limit_ms;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await sleep(systemClock, 20);
  }
}

export async function exited(runtime: TestRuntime, containerId: string): Promise<cri.ContainerStatus> {
  return eventually("the container ends", async () => {
    const status = await statusOf(runtime, containerId);
    return status.state === cri.ContainerState.CONTAINER_EXITED && status;
  });
}

/** A client of a streaming URL that collects what each channel carries. */
export async function openStream(url: string, protocol = "v5.channel.k8s.io") {
  const ws = new WebSocket(url, [protocol]);
  const channels = new Map<number, Buffer>();
  ws.on("message", (message: Buffer) => {
    const channel = message[0]!;
    channels.set(channel, Buffer.concat([channels.get(channel) ?? Buffer.alloc(0), message.subarray(1)]));
  });
  const closed = new Promise<void>((resolve) => ws.on("close", () => resolve()));
  await new Promise<void>((resolve, reject) => ws.once("open", resolve).once("error", reject));
  return {
    ws,
    closed,
    text: (channel: number) => (channels.get(channel) ?? Buffer.alloc(0)).toString(),
    bytes: (channel: number) => channels.get(channel) ?? Buffer.alloc(0),
    send: (channel: number, data: string | Uint8Array) => ws.send(Buffer.concat([Buffer.of(channel), Buffer.from(data as string)])),
    status: () => JSON.parse((channels.get(3) ?? Buffer.from("{}")).toString()),
  };
}
