import * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import type { Runtime } from "../cri/runtime.ts";

interface FakeContainer {
  id: string;
  sandboxId: string;
  config: cri.ContainerConfig;
  state: cri.ContainerState;
  exitCode: number;
  createdAt_ms: number;
  startedAt_ms: number;
  finishedAt_ms: number;
  reason: string;
}

interface FakeSandbox {
  id: string;
  config: cri.PodSandboxConfig;
  handler: string;
  ready: boolean;
  createdAt_ms: number;
  ip: string;
}

const NOT_FOUND = Object.assign(new Error("not found"), { code: 5, details: "not found" });
const ns = (ms: number) => `${BigInt(Math.round(ms)) * 1_000_000n}`;

/** A CRI runtime in memory: containers run until told to exit. */
export class FakeRuntime implements Runtime {
  readonly sandboxes = new Map<string, FakeSandbox>();
  readonly containers = new Map<string, FakeContainer>();
  readonly images = new Set<string>(["app:v1", "side:v1"]);
  readonly calls: string[] = [];
  /** Containers of these names end at once with this code. */
  readonly exits = new Map<string, number>();
  /** Whether SIGTERM is heeded; a grace period that runs out is not waited for. */
  execCode: (command: string[]) => number = () => 0;
  failSandbox: string | undefined;
  private serial = 0;

  version = async () => cri.VersionResponse.fromPartial({ runtimeName: "fake", runtimeVersion: "1.0" });
  status = async () =>
    cri.RuntimeStatus.fromPartial({
      conditions: [
        { type: "RuntimeReady", status: true },
        { type: "NetworkReady", status: true },
      ],
    });

  async runPodSandbox(config: cri.PodSandboxConfig, handler: string): Promise<string> {
    this.calls.push(`run ${config.metadata!.name}`);
    if (this.failSandbox) throw Object.assign(new Error(this.failSandbox), { code: 2, details: this.failSandbox });
    const id = `s${++this.serial}`;
    const hostNetwork = config.linux?.securityContext?.namespaceOptions?.network === cri.NamespaceMode.NODE;
    const ip = hostNetwork ? "" : `10.244.0.${this.serial}`;
    this.sandboxes.set(id, { id, config, handler, ready: true, createdAt_ms: Date.now(), ip });
    return id;
  }

  async stopPodSandbox(id: string): Promise<void> {
    this.calls.push(`stop sandbox ${id}`);
    const sandbox = this.sandboxes.get(id);
    if (sandbox) sandbox.ready = false;
    for (const c of this.containers.values()) if (c.sandboxId === id) this.exit(c.id, 137);
  }

  async removePodSandbox(id: string): Promise<void> {
    this.sandboxes.delete(id);
    for (const c of this.containers.values()) if (c.sandboxId === id) this.containers.delete(c.id);
  }

  async podSandboxStatus(id: string): Promise<cri.PodSandboxStatus> {
    const s = this.sandboxes.get(id);
    if (!s) throw NOT_FOUND;
    return cri.PodSandboxStatus.fromPartial({ ...this.sandbox(s), network: { ip: s.ip } });
  }

  listPodSandboxes = async (labels: Record<string, string> = {}) =>
    [...this.sandboxes.values()].filter((s) => matches(s.config.labels, labels)).map((s) => cri.PodSandbox.fromPartial(this.sandbox(s)));

  private sandbox(s: FakeSandbox) {
    const { READY, NOTREADY } = { READY: cri.PodSandboxState.SANDBOX_READY, NOTREADY: cri.PodSandboxState.SANDBOX_NOTREADY };
    return {
      id: s.id,
      metadata: s.config.metadata,
      labels: s.config.labels,
      state: s.ready ? READY : NOTREADY,
      createdAt: ns(s.createdAt_ms),
    };
  }

  async createContainer(sandboxId: string, config: cri.ContainerConfig): Promise<string> {
    const id = `c${++this.serial}`;
    this.calls.push(`create ${config.metadata!.name}`);
    this.containers.set(id, {
      id,
      sandboxId,
      config,
      state: cri.ContainerState.CONTAINER_CREATED,
      exitCode: 0,
      createdAt_ms: Date.now(),
      startedAt_ms: 0,
      finishedAt_ms: 0,
      reason: "",
    });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const c = this.containers.get(id)!;
    this.calls.push(`start ${c.config.metadata!.name}`);
    c.state = cri.ContainerState.CONTAINER_RUNNING;
    c.startedAt_ms = Date.now();
    const code = this.exits.get(c.config.metadata!.name);
    if (code !== undefined) this.exit(id, code);
  }

  async stopContainer(id: string, timeout_s: number): Promise<void> {
    const c = this.containers.get(id);
    if (!c) throw NOT_FOUND;
    this.calls.push(`stop ${c.config.metadata!.name} ${timeout_s}`);
    this.exit(id, 143);
  }

  /** What a real container's process would do. */
  exit(id: string, code: number): void {
    const c = this.containers.get(id)!;
    if (c.state !== cri.ContainerState.CONTAINER_RUNNING) return;
    Object.assign(c, { state: cri.ContainerState.CONTAINER_EXITED, exitCode: code, finishedAt_ms: Date.now() });
  }

  byName(name: string): FakeContainer | undefined {
    return [...this.containers.values()].filter((c) => c.config.metadata!.name === name).at(-1);
  }

  removeContainer = async (id: string) => void this.containers.delete(id);

  listContainers = async (labels: Record<string, string> = {}) =>
    [...this.containers.values()]
      .filter((c) => matches(c.config.labels, labels))
      .map((c) =>
        cri.Container.fromPartial({
          id: c.id,
          podSandboxId: c.sandboxId,
          metadata: c.config.metadata,
          image: c.config.image,
          imageRef: "sha256:1",
          state: c.state,
          createdAt: ns(c.createdAt_ms),
          labels: c.config.labels,
          annotations: c.config.annotations,
        }),
      );

  async containerStatus(id: string): Promise<cri.ContainerStatus> {
    const c = this.containers.get(id);
    if (!c) throw NOT_FOUND;
    return cri.ContainerStatus.fromPartial({
      id,
      metadata: c.config.metadata,
      state: c.state,
      createdAt: ns(c.createdAt_ms),
      startedAt: ns(c.startedAt_ms),
      finishedAt: ns(c.finishedAt_ms),
      exitCode: c.exitCode,
      image: c.config.image,
      imageRef: "sha256:1",
      reason: c.reason,
      logPath: `${this.sandboxes.get(c.sandboxId)?.config.logDirectory}/${c.config.logPath}`,
      labels: c.config.labels,
      annotations: c.config.annotations,
    });
  }

  execSync = async (_id: string, command: string[]) => ({
    stdout: Buffer.from("out"),
    stderr: Buffer.alloc(0),
    exitCode: this.execCode(command),
  });
  /** Where a test's streaming server listens. */
  streamUrl = "";
  exec = async () => this.streamUrl;
  attach = async () => this.streamUrl;
  portForward = async () => this.streamUrl;
  listContainerStats = async () => [];

  imageStatus = async (image: string) =>
    this.images.has(image) ? cri.Image.fromPartial({ id: image, repoTags: [image], size: 1000 }) : undefined;
  listImages = async () => [...this.images].map((i) => cri.Image.fromPartial({ id: i, repoTags: [i], size: 1000 }));

  async pullImage(request: cri.PullImageRequest): Promise<string> {
    const image = request.image!.image;
    this.calls.push(`pull ${image}`);
    if (image.startsWith("missing")) throw Object.assign(new Error("x"), { code: 5, details: `${image}: not found` });
    this.images.add(image);
    return image;
  }

  close(): void {}
}

function matches(labels: Record<string, string>, selector: Record<string, string>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
