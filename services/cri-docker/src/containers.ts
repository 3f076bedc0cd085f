import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { sleep } from "@flotilla/base";
import { criErrors } from "@flotilla/cri";
import { matchesContainer } from "@flotilla/cri/filters.ts";
import {
  type Container,
  type ContainerConfig,
  type ContainerFilter,
  ContainerState,
  type ContainerStatus,
  type ContainerStatusResponse,
  type LinuxContainerResources,
  type PodSandboxConfig,
} from "@flotilla/cri/messages.ts";
import { nanos } from "@flotilla/cri/time.ts";
import type { ContainerInfo, ContainerInspectInfo } from "dockerode";
import { daemon, quietly, statusOf } from "./api.ts";
import type { DockerContext } from "./context.ts";
import { containerRequest, resourcesOf } from "./host-config.ts";
import type { Images } from "./images.ts";
import { type ContainerFacts, containerLabels, containerName, factsOf, hasFacts, KIND, listFilter, sandboxIdOf } from "./labels.ts";
import type { SandboxFiles } from "./sandbox-files.ts";
import { nameSuffix, verboseInfo } from "./sandboxes.ts";

/** 128 + SIGKILL. */
const KILLED_EXIT_CODE = 137;
/** An end is so fresh that news of it may be missing. */
const RECENT_MS = 1_000;
const OUT_OF_MEMORY_NEWS_MS = 300;

export function createContainers(context: DockerContext, files: SandboxFiles, images: Images) {
  const { docker } = context;
  /** Killed by us, not by the kernel; forgotten with their removal. */
  const killed = new Set<string>();

  const inspect = async (id: string): Promise<ContainerInspectInfo> => {
    const found = await docker
      .getContainer(id)
      .inspect()
      .catch((error) => {
        if (statusOf(error) === 404) throw criErrors.containerNotFound(id);
        throw error;
      });
    if (found.Config.Labels[KIND] !== "container" || !hasFacts(found.Config.Labels)) throw criErrors.containerNotFound(id);
    return found;
  };

  /** The kubelet reads and rotates what is at log_path; Docker writes elsewhere. */
  const linkLog = (id: string, logPath: string) => {
    if (!logPath) return;
    mkdirSync(dirname(logPath), { recursive: true });
    rmSync(logPath, { force: true });
    symlinkSync(join(context.dockerRootDir, "containers", id, `${id}-json.log`), logPath);
  };

  return {
    inspect,

    async create(sandboxId: string, config: ContainerConfig, sandbox: PodSandboxConfig): Promise<string> {
      if (!config.metadata || !sandbox.metadata) throw criErrors.missing("config.metadata");
      const wanted = config.image?.image ?? "";
      const imageId = await images.idOf(wanted);
      if (!imageId) throw criErrors.imageNotFound(wanted);
      const facts: ContainerFacts = {
        metadata: config.metadata,
        labels: config.labels,
        annotations: config.annotations,
        created_ms: context.clock.now(),
        image: config.image?.userSpecifiedImage || wanted,
        logPath: config.logPath && sandbox.logDirectory ? join(sandbox.logDirectory, config.logPath) : "",
        tty: config.tty,
        stdin: config.stdin,
        stdinOnce: config.stdinOnce,
      };
      const resolv = files.resolvConfPath(sandboxId);
      const binds = resolv && !config.mounts.some((m) => m.containerPath === "/etc/resolv.conf") ? [`${resolv}:/etc/resolv.conf`] : [];
      const request = containerRequest(config, sandboxId, imageId, containerLabels(context.labels, sandboxId, facts), binds);
      const name = containerName(config.metadata.name, sandbox.metadata, config.metadata.attempt);
      const create = (as: string) => docker.createContainer({ ...request, name: as });
      const made = await create(name).catch((error) => {
        if (statusOf(error) !== 409) return daemon("failed to create the container", Promise.reject(error));
        return daemon("failed to create the container", create(`${name}_${nameSuffix(context)}`));
      });
      linkLog(made.id, facts.logPath);
      return made.id;
    },

    async start(id: string): Promise<void> {
      await daemon("failed to start the container", docker.getContainer(id).start());
    },

    async stop(id: string, timeout_s: number): Promise<void> {
      killed.add(id);
      // Docker reads a time-out of 0 as "kill at once", as CRI does.
      await daemon("failed to stop the container", quietly(docker.getContainer(id).stop({ t: timeout_s })));
    },

    async kill(id: string): Promise<void> {
      killed.add(id);
      await daemon("failed to kill the container", quietly(docker.getContainer(id).kill({ signal: "SIGKILL" }), [404, 409]));
    },

    async remove(id: string): Promise<void> {
      killed.delete(id);
      const found = await inspect(id).catch(() => undefined);
      if (!found) return;
      const { logPath } = factsOf<ContainerFacts>(found.Config.Labels);
      await daemon("failed to remove the container", quietly(docker.getContainer(id).remove({ force: true, v: true }), [404, 409]));
      if (logPath) rmSync(logPath, { force: true });
    },

    async list(filter: ContainerFilter | undefined, kind: string[] = []): Promise<Container[]> {
      const filters = listFilter(context.labels, "container", kind);
      const found: ContainerInfo[] = await daemon("list containers", docker.listContainers({ all: true, filters }));
      return found
        .filter((c) => hasFacts(c.Labels))
        .map(fromList)
        .filter((c) => matchesContainer(c, filter));
    },

    async status(id: string, verbose: boolean): Promise<ContainerStatusResponse> {
      let found = await inspect(id);
      if (!killed.has(id) && mayHaveRunOutOfMemory(found, context.clock.now())) {
        await sleep(context.clock, OUT_OF_MEMORY_NEWS_MS);
        found = await inspect(id);
      }
      return { status: toStatus(found), info: verboseInfo(verbose, { pid: found.State.Pid, sandboxID: sandboxIdOf(found.Config.Labels) }) };
    },

    async update(id: string, resources: LinuxContainerResources): Promise<void> {
      const { OomScoreAdj: _, ...rest } = resourcesOf(resources);
      await daemon("failed to update the container", docker.getContainer(id).update(rest));
    },
  };
}

export type Containers = ReturnType<typeof createContainers>;

function fromList(c: ContainerInfo): Container {
  const facts = factsOf<ContainerFacts>(c.Labels);
  return {
    id: c.Id,
    podSandboxId: sandboxIdOf(c.Labels),
    metadata: facts.metadata,
    image: { image: facts.image, annotations: {}, userSpecifiedImage: facts.image, runtimeHandler: "docker" },
    imageRef: c.ImageID,
    state: criState(c.State),
    createdAt: nanos(facts.created_ms),
    labels: facts.labels,
    annotations: facts.annotations,
  };
}

/** Docker's word for a container's state as CRI's. */
export function criState(state: string): ContainerState {
  if (state === "running" || state === "paused" || state === "restarting") return ContainerState.CONTAINER_RUNNING;
  if (state === "created") return ContainerState.CONTAINER_CREATED;
  if (state === "exited" || state === "dead" || state === "removing") return ContainerState.CONTAINER_EXITED;
  return ContainerState.CONTAINER_UNKNOWN;
}

function toStatus(c: ContainerInspectInfo): ContainerStatus {
  const facts = factsOf<ContainerFacts>(c.Config.Labels);
  const state = criState(c.State.Status);
  const ended = state === ContainerState.CONTAINER_EXITED;
  // A container that could not be started is "created" with an error for Docker, exited for the kubelet.
  const failed = state === ContainerState.CONTAINER_CREATED && c.State.ExitCode !== 0;
  const finished_ms = Date.parse(c.State.FinishedAt);
  const started_ms = Date.parse(c.State.StartedAt); // Docker may note the start of a short container after its end
  return {
    id: c.Id,
    metadata: facts.metadata,
    state: failed ? ContainerState.CONTAINER_EXITED : state,
    createdAt: nanos(facts.created_ms),
    startedAt: nanos(ended ? Math.min(started_ms, finished_ms) : started_ms),
    finishedAt: nanos(failed ? facts.created_ms : finished_ms),
    exitCode: c.State.ExitCode,
    image: { image: facts.image, annotations: {}, userSpecifiedImage: facts.image, runtimeHandler: "docker" },
    imageRef: c.Image,
    reason: failed ? "ContainerCannotRun" : ended ? endReason(c.State) : "",
    message: c.State.Error,
    labels: facts.labels,
    annotations: facts.annotations,
    mounts: (c.Mounts ?? []).map((m) => ({
      containerPath: m.Destination,
      hostPath: m.Source,
      readonly: !m.RW,
      selinuxRelabel: false,
      propagation: 0,
    })),
    logPath: facts.logPath,
  };
}

/**
 * Docker hears of an end and of its cause by two events in no fixed order, so a
 * container that has just been killed may have its reason a moment later; the
 * kubelet asks once.
 */
function mayHaveRunOutOfMemory({ State: state, HostConfig: { Memory } }: ContainerInspectInfo, now_ms: number): boolean {
  if (state.Status !== "exited" || state.ExitCode !== KILLED_EXIT_CODE || state.OOMKilled || !Memory) return false;
  return now_ms - Date.parse(state.FinishedAt) < RECENT_MS;
}

function endReason(state: { OOMKilled: boolean; ExitCode: number }): string {
  if (state.OOMKilled) return "OOMKilled";
  return state.ExitCode === 0 ? "Completed" : "Error";
}
