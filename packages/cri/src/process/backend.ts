import { mkdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, FLOTILLA_VERSION, type Logger, type Random } from "@flotilla/base";
import type { Container, ContainerStatus, Image, PodSandbox, RuntimeCondition } from "@flotilla/rpc/gen/cri/v1/api.ts";
import type { Backend } from "../backend.ts";
import type { PodNetwork } from "../cni/network.ts";
import { criErrors } from "../errors.ts";
import { matchesContainer, matchesSandbox } from "../filters.ts";
import { findImage, listImages, normalizeImage, removeImage, type StoredImage } from "../images.ts";
import { installPause } from "../pause/pause.ts";
import { nanos } from "../time.ts";
import { attachSession } from "./attach.ts";
import { openCgroups } from "./cgroups.ts";
import { createContainers, criState } from "./containers.ts";
import { findContainer, findSandbox, isHostNetwork, needContainer, needSandbox, type ProcessContext } from "./context.ts";
import { dialHost, dialPod } from "./dial.ts";
import { execSession, execSync } from "./exec.ts";
import { namespaceOf } from "./proc.ts";
import { createSandboxes } from "./sandboxes.ts";
import { type ContainerRecord, type SandboxState, StateFolder } from "./state.ts";
import { containerStats } from "./stats.ts";

export interface ProcessPorts {
  clock: Clock;
  random: Random;
  log: Logger;
  network: PodNetwork;
}

export interface ProcessConfig {
  rootDir: string;
  imageDir: string;
  /** Below each cgroup hierarchy. */
  cgroupParent: string;
}

const PUMP_MS = 100;

/** The runtime handler that runs pods as plain processes in their own namespaces. */
export function createProcessBackend(ports: ProcessPorts, config: ProcessConfig): Backend {
  mkdirSync(config.rootDir, { recursive: true });
  const context: ProcessContext = {
    ...ports,
    ...config,
    cgroups: openCgroups(config.cgroupParent),
    pausePath: installPause(join(config.rootDir, "pause")),
    machineNet: namespaceOf("self", "net") ?? "",
    sandboxFolder: new StateFolder(join(config.rootDir, "sandboxes")),
    containerFolder: new StateFolder(join(config.rootDir, "containers")),
    sandboxes: new Map(),
    containers: new Map(),
  };
  for (const sandbox of context.sandboxFolder.loadAll()) context.sandboxes.set(sandbox.id, sandbox);
  for (const container of context.containerFolder.loadAll()) context.containers.set(container.id, container);
  const sandboxes = createSandboxes(context);
  const containers = createContainers(context);
  const pumping = ports.clock.setInterval(() => containers.pumpAll(), PUMP_MS);

  const ofSandbox = (id: string) => [...context.containers.values()].filter((c) => c.sandboxId === id);
  const toSandbox = (s: SandboxState): PodSandbox => ({
    id: s.id,
    metadata: s.config.metadata,
    state: sandboxes.state(s),
    createdAt: nanos(s.created_ms),
    labels: s.config.labels,
    annotations: s.config.annotations,
    runtimeHandler: "process",
  });

  return {
    handler: "process",
    version: async () => ({ name: "flotilla-process", version: FLOTILLA_VERSION }),
    async conditions() {
      const problem = await context.network.problem();
      const limits = context.cgroups.problem;
      return [
        condition("RuntimeReady", true, "", ""),
        condition("NetworkReady", !problem, "NetworkPluginNotReady", problem ?? ""),
        condition("ProcessLimitsEnforced", !limits, "CgroupsUnavailable", limits ?? ""),
      ];
    },
    ownsSandbox: async (id) => findSandbox(context, id) !== undefined,
    ownsContainer: async (id) => findContainer(context, id) !== undefined,

    runSandbox: (sandbox) => sandboxes.run(sandbox),
    async stopSandbox(id) {
      const sandbox = findSandbox(context, id);
      if (!sandbox) return;
      await Promise.all(ofSandbox(sandbox.id).map((c) => containers.kill(containers.refresh(c))));
      await sandboxes.stop(id);
    },
    async removeSandbox(id) {
      const sandbox = findSandbox(context, id);
      if (!sandbox) return;
      if (!sandbox.stopped) await this.stopSandbox(id);
      await Promise.all(ofSandbox(sandbox.id).map((c) => containers.remove(c.id)));
      sandboxes.remove(id);
    },
    async sandboxStatus(id, verbose) {
      const sandbox = needSandbox(context, id);
      const [ip = "", ...more] = sandbox.ips;
      const options = sandbox.config.linux?.securityContext?.namespaceOptions;
      return {
        status: {
          ...toSandbox(sandbox),
          network: { ip, additionalIps: more.map((address) => ({ ip: address })) },
          linux: { namespaces: { options } },
        },
        info: verboseInfo(verbose, { pid: sandbox.pause?.pid ?? 0 }),
      };
    },
    listSandboxes: async (filter) => [...context.sandboxes.values()].map(toSandbox).filter((s) => matchesSandbox(s, filter)),

    createContainer: (sandboxId, container, sandbox) => containers.create(sandboxId, container, sandbox),
    startContainer: (id) => containers.start(id),
    stopContainer: (id, timeout_s) => containers.stop(id, timeout_s),
    removeContainer: (id) => containers.remove(id),
    listContainers: async (filter) =>
      [...context.containers.values()].map((c) => toContainer(containers.refresh(c))).filter((c) => matchesContainer(c, filter)),
    async containerStatus(id, verbose) {
      const record = containers.refresh(needContainer(context, id));
      const pid = record.phase.kind === "running" ? record.phase.main.pid : 0;
      return { status: toStatus(record), info: verboseInfo(verbose, { pid, sandboxID: record.sandboxId }) };
    },
    async updateResources(id, resources) {
      const record = needContainer(context, id);
      context.cgroups.update(record.cgroups, resources);
      if (record.config.linux) record.config.linux.resources = resources;
      context.containerFolder.save(record);
    },
    reopenLog: async (id) => containers.pumpOf(needContainer(context, id))?.reopen(),
    containerStats: async (id) => containerStats(context, containers, needContainer(context, id)),
    async listContainerStats(filter) {
      const wanted = filter && {
        id: filter.id,
        podSandboxId: filter.podSandboxId,
        labelSelector: filter.labelSelector,
        state: { state: 1 as const },
      };
      const running = [...context.containers.values()].filter((c) => containers.refresh(c).phase.kind === "running");
      return running.filter((c) => matchesContainer(toContainer(c), wanted)).map((c) => containerStats(context, containers, c));
    },

    execSync: (id, command, timeout_s) => execSync(context, containers, id, command, timeout_s),
    exec: (id, options) => execSession(context, containers, id, options),
    attach: (id, options) => attachSession(context, containers, id, options),
    async dial(id, port) {
      const sandbox = needSandbox(context, id);
      if (isHostNetwork(sandbox)) return dialHost("127.0.0.1", port);
      return dialPod(`/proc/${sandbox.pause!.pid}/ns/net`, sandbox.ips[0], port);
    },

    async listImages(image) {
      const images = await listImages(config.imageDir);
      return images.filter((i) => !image || i.name === normalizeImage(image)).map(toImage);
    },
    async imageStatus(image) {
      const found = await findImage(config.imageDir, image);
      return found && toImage(found);
    },
    async pullImage(image) {
      const found = await findImage(config.imageDir, image);
      if (!found)
        throw criErrors.failed(`image "${image}"`, 'not registered for the process runtime; register it with "flotilla image add"');
      return found.id;
    },
    async removeImage(image) {
      await removeImage(config.imageDir, image);
    },
    async imageFsInfo() {
      const fs = await statfs(config.imageDir).catch(() => undefined);
      const images = await listImages(config.imageDir);
      const used = images.reduce((sum, i) => sum + i.size_bytes, 0);
      const fsId = { mountpoint: config.imageDir };
      return [
        { timestamp: nanos(ports.clock.now()), fsId, usedBytes: { value: used }, inodesUsed: { value: fs ? fs.files - fs.ffree : 0 } },
      ];
    },
    async close() {
      pumping.cancel();
      containers.pumpAll();
      containers.closePumps();
    },
  };
}

/** As containerd and CRI-O give it: JSON under the key "info". */
function verboseInfo(verbose: boolean, info: Record<string, unknown>): Record<string, string> {
  return verbose ? { info: JSON.stringify(info) } : {};
}

function condition(type: string, status: boolean, reason: string, message: string): RuntimeCondition {
  return { type, status, reason: status ? "" : reason, message: status ? "" : message };
}

function toContainer(record: ContainerRecord): Container {
  return {
    id: record.id,
    podSandboxId: record.sandboxId,
    metadata: record.config.metadata,
    image: record.config.image,
    imageRef: record.image.id,
    state: criState(record),
    createdAt: nanos(record.created_ms),
    labels: record.config.labels,
    annotations: record.config.annotations,
  };
}

function toStatus(record: ContainerRecord): ContainerStatus {
  const { phase } = record;
  const { id, metadata, image, imageRef, state, createdAt, labels, annotations } = toContainer(record);
  return {
    ...{ id, metadata, imageRef, state, createdAt, labels, annotations },
    image: image && { ...image, image: record.image.name },
    startedAt: phase.kind === "created" ? "0" : nanos(phase.started_ms),
    finishedAt: phase.kind === "exited" ? nanos(phase.finished_ms) : "0",
    exitCode: phase.kind === "exited" ? phase.exit_code : 0,
    reason: phase.kind === "exited" ? phase.reason : "",
    message: phase.kind === "exited" ? phase.message : "",
    mounts: record.config.mounts,
    logPath: record.logPath,
  };
}

function toImage(image: StoredImage): Image {
  const uid = /^\d+/.exec(image.user);
  return {
    id: image.id,
    repoTags: [image.name],
    repoDigests: [],
    size: image.size_bytes,
    uid: uid ? { value: Number(uid[0]) } : image.user ? undefined : { value: 0 },
    username: uid ? "" : image.user,
    spec: undefined,
  };
}
