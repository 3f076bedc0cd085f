import { hostname } from "node:os";
import { criErrors } from "@flotilla/cri";
import { podAttachment } from "@flotilla/cri/cni/attachment.ts";
import { isConnected } from "@flotilla/cri/cni/interfaces.ts";
import { matchesSandbox } from "@flotilla/cri/filters.ts";
import {
  NamespaceMode,
  type PodSandbox,
  type PodSandboxConfig,
  type PodSandboxFilter,
  PodSandboxState,
  type PodSandboxStatusResponse,
} from "@flotilla/cri/messages.ts";
import { namespaceOf } from "@flotilla/cri/process/proc.ts";
import { nanos } from "@flotilla/cri/time.ts";
import type { ContainerInfo } from "dockerode";
import { daemon, daemonMessage, quietly, statusOf } from "./api.ts";
import type { DockerContext } from "./context.ts";
import { containerName, factsOf, hasFacts, KIND, listFilter, type SandboxFacts, sandboxLabels } from "./labels.ts";
import { PAUSE_PATH } from "./pause-image.ts";
import type { NetworkState, SandboxFiles } from "./sandbox-files.ts";

/** Where a host-network pause container finds the machine's network namespace. */
const MACHINE_NETNS = "/machine-netns";

/** Sandboxes: a pause container with no network of Docker's; CNI (or the machine's own namespace) gives it one. */
export function createSandboxes(context: DockerContext, files: SandboxFiles) {
  const { docker } = context;

  const create = async (config: PodSandboxConfig, facts: SandboxFacts): Promise<string> => {
    const metadata = facts.metadata;
    const name = containerName("POD", metadata, metadata.attempt);
    const shared = facts.namespaces.pid === NamespaceMode.POD;
    const request = {
      Image: await context.pauseImageId,
      Hostname: facts.hostNetwork ? hostname() : config.hostname || undefined,
      Labels: sandboxLabels(context.labels, facts),
      // The pause program moves itself into the machine's namespace: Docker can't join one by path,
      // but containers that join the pause container follow it there.
      Entrypoint: facts.hostNetwork ? [PAUSE_PATH, "", MACHINE_NETNS] : [PAUSE_PATH],
      HostConfig: {
        NetworkMode: "none",
        IpcMode: facts.namespaces.ipc === NamespaceMode.NODE ? "host" : "shareable",
        PidMode: shared ? undefined : facts.namespaces.pid === NamespaceMode.NODE ? "host" : undefined,
        LogConfig: { Type: "none", Config: {} },
        Sysctls: config.linux?.sysctls ?? {},
        ...(facts.hostNetwork ? { Binds: [`/proc/${process.pid}/ns/net:${MACHINE_NETNS}:ro`], CapAdd: ["SYS_ADMIN"] } : {}),
      },
    };
    const attempt = (as: string) => docker.createContainer({ ...request, name: as });
    try {
      return (await attempt(name)).id;
    } catch (error) {
      // Left over by another cluster or an earlier life: a different name is as good.
      if (statusOf(error) === 409) return (await daemon("create the sandbox", attempt(`${name}_${nameSuffix(context)}`))).id;
      throw criErrors.failed("failed to create the sandbox", `Error response from daemon: ${daemonMessage(error)}`);
    }
  };

  const inspect = async (id: string) => {
    const found = await docker
      .getContainer(id)
      .inspect()
      .catch((error) => {
        if (statusOf(error) === 404) throw criErrors.sandboxNotFound(id);
        throw error;
      });
    if (found.Config.Labels[KIND] !== "sandbox" || !hasFacts(found.Config.Labels)) throw criErrors.sandboxNotFound(id);
    return found;
  };

  return {
    async run(config: PodSandboxConfig): Promise<string> {
      if (!config.metadata) throw criErrors.missing("config.metadata");
      const options = config.linux?.securityContext?.namespaceOptions;
      const namespaces = { network: options?.network ?? 0, pid: options?.pid ?? NamespaceMode.CONTAINER, ipc: options?.ipc ?? 0 };
      const hostNetwork = namespaces.network === NamespaceMode.NODE;
      const { metadata, labels, annotations } = config;
      const id = await create(config, { metadata, labels, annotations, created_ms: context.clock.now(), hostNetwork, namespaces });
      try {
        await daemon("failed to start the sandbox", docker.getContainer(id).start());
        files.saveResolvConf(id, config.dnsConfig);
        const { State } = await docker.getContainer(id).inspect();
        if (hostNetwork) files.saveNetwork(id, { ips: [], networked: false, hostNetworkPid: State.Pid });
        else {
          const connection = await context.network.add(podAttachment(id, `/proc/${State.Pid}/ns/net`, config));
          files.saveNetwork(id, { ...connection, networked: true });
        }
        return id;
      } catch (error) {
        await quietly(docker.getContainer(id).remove({ force: true })).catch(() => {});
        files.remove(id);
        throw error;
      }
    },

    async stop(id: string): Promise<void> {
      const found = await inspect(id).catch(() => undefined);
      if (!found) return;
      const state = files.loadNetwork(found.Id);
      if (state.networked) {
        const facts = factsOf<SandboxFacts>(found.Config.Labels);
        const netns = found.State.Running ? `/proc/${found.State.Pid}/ns/net` : "";
        await context.network.remove(podAttachment(found.Id, netns, { metadata: facts.metadata, portMappings: [] }));
        files.saveNetwork(found.Id, { ...state, networked: false });
      }
      await daemon("stop the sandbox", quietly(docker.getContainer(found.Id).kill({ signal: "SIGKILL" }), [404, 409]));
    },

    async remove(id: string): Promise<void> {
      await daemon("remove the sandbox", quietly(docker.getContainer(id).remove({ force: true, v: true }), [404, 409]));
      files.remove(id);
    },

    async status(id: string, verbose: boolean): Promise<PodSandboxStatusResponse> {
      const found = await inspect(id);
      const facts = factsOf<SandboxFacts>(found.Config.Labels);
      const [ip = "", ...more] = files.loadNetwork(found.Id).ips;
      return {
        status: {
          ...fromFacts(found.Id, facts, found.State.Running && onThisMachine(files.loadNetwork(found.Id))),
          network: { ip, additionalIps: more.map((address) => ({ ip: address })) },
          linux: { namespaces: { options: { ...facts.namespaces, targetId: "" } as never } },
        },
        info: verboseInfo(verbose, { pid: found.State.Pid }),
      };
    },

    async list(filter: PodSandboxFilter | undefined): Promise<PodSandbox[]> {
      const filters = listFilter(context.labels, "sandbox");
      const found: ContainerInfo[] = await daemon("list sandboxes", docker.listContainers({ all: true, filters }));
      return found
        .filter((c) => hasFacts(c.Labels))
        .map((c) => fromFacts(c.Id, factsOf<SandboxFacts>(c.Labels), c.State === "running" && onThisMachine(files.loadNetwork(c.Id))))
        .filter((s) => matchesSandbox(s, filter));
    },

    facts: async (id: string) => factsOf<SandboxFacts>((await inspect(id)).Config.Labels),
    pid: async (id: string) => (await inspect(id)).State.Pid,
    ips: (id: string) => files.loadNetwork(id).ips,
  };
}

export type Sandboxes = ReturnType<typeof createSandboxes>;

export function verboseInfo(verbose: boolean, info: Record<string, unknown>): Record<string, string> {
  return verbose ? { info: JSON.stringify(info) } : {};
}

export function nameSuffix(context: DockerContext): string {
  return Buffer.from(context.random.bytes(4)).toString("hex");
}

/** Docker's containers live through a restart of their machine, but its network namespace is a new one then. */
function onThisMachine({ hostInterfaces = [], hostNetworkPid }: NetworkState): boolean {
  if (hostNetworkPid !== undefined) {
    const theirs = namespaceOf(hostNetworkPid, "net");
    return theirs === undefined || theirs === namespaceOf("self", "net");
  }
  return isConnected(hostInterfaces);
}

function fromFacts(id: string, facts: SandboxFacts, running: boolean): PodSandbox {
  return {
    id,
    metadata: facts.metadata,
    state: running ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY,
    createdAt: nanos(facts.created_ms),
    labels: facts.labels,
    annotations: facts.annotations,
    runtimeHandler: "docker",
  };
}
