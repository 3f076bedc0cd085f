import { type Backend, criErrors } from "@flotilla/cri";
import { type Container, ContainerState, type RuntimeCondition } from "@flotilla/cri/messages.ts";
import { dialHost, dialPod } from "@flotilla/cri/process/dial.ts";
import { createContainers } from "./containers.ts";
import type { DockerConfig, DockerContext, DockerPorts } from "./context.ts";
import { createImages } from "./images.ts";
import { type ContainerFacts, factsOf } from "./labels.ts";
import { ensurePauseImage } from "./pause-image.ts";
import { createSandboxFiles } from "./sandbox-files.ts";
import { createSandboxes } from "./sandboxes.ts";
import { statsOf } from "./stats.ts";
import { attachSession, execSession, execSync } from "./streams.ts";

/** The runtime handler that runs pods as Docker containers. */
export async function createDockerBackend(ports: DockerPorts, config: DockerConfig): Promise<Backend> {
  const info = await ports.docker.info().catch((error: Error) => {
    throw criErrors.failed("Docker does not answer", error.message);
  });
  const pauseImageId = ensurePauseImage(ports.docker, config.pauseImage);
  pauseImageId.catch((error) => ports.log.error("could not make the pause image", { image: config.pauseImage, error }));
  const context: DockerContext = { ...ports, ...config, dockerRootDir: info.DockerRootDir, version: info.ServerVersion, pauseImageId };
  const files = createSandboxFiles(config.rootDir);
  const sandboxes = createSandboxes(context, files);
  const images = createImages(context);
  const containers = createContainers(context, files, images);
  const inSandbox = (id: string) => containers.list(undefined, [`io.kubernetes.sandbox.id=${id}`]);
  const exists = (look: Promise<unknown>) =>
    look.then(
      () => true,
      () => false,
    );

  return {
    handler: "docker",
    costlyLookup: true,
    version: async () => ({ name: "docker", version: context.version }),
    async conditions() {
      const answer = await ports.docker.ping().catch((error: Error) => error);
      const down = answer instanceof Error ? answer.message : undefined;
      const network = await ports.network.problem();
      return [
        condition("RuntimeReady", down && `docker daemon is not ready: ${down}`, "DockerDaemonNotReady"),
        condition("NetworkReady", network, "NetworkPluginNotReady"),
      ];
    },
    ownsSandbox: (id) => exists(sandboxes.facts(id)),
    ownsContainer: (id) => exists(containers.inspect(id)),

    runSandbox: (sandbox) => sandboxes.run(sandbox),
    async stopSandbox(id) {
      const running = (await inSandbox(id)).filter((c) => c.state === ContainerState.CONTAINER_RUNNING);
      await Promise.all(running.map((c) => containers.kill(c.id)));
      await sandboxes.stop(id);
    },
    async removeSandbox(id) {
      await Promise.all((await inSandbox(id)).map((c) => containers.remove(c.id)));
      await sandboxes.stop(id);
      await sandboxes.remove(id);
    },
    sandboxStatus: (id, verbose) => sandboxes.status(id, verbose),
    listSandboxes: (filter) => sandboxes.list(filter),

    createContainer: (sandboxId, container, sandbox) => containers.create(sandboxId, container, sandbox),
    startContainer: (id) => containers.start(id),
    stopContainer: (id, timeout_s) => containers.stop(id, timeout_s),
    removeContainer: (id) => containers.remove(id),
    listContainers: (filter) => containers.list(filter),
    containerStatus: (id, verbose) => containers.status(id, verbose),
    updateResources: (id, resources) => containers.update(id, resources),
    reopenLog: async () => {}, // Docker rotates its own log, and the link stays valid
    async containerStats(id) {
      const { status } = await containers.status(id, false);
      return statsOf(context, status!);
    },
    async listContainerStats(filter) {
      const wanted = { id: "", podSandboxId: "", labelSelector: {}, ...filter, state: { state: ContainerState.CONTAINER_RUNNING } };
      const running: Container[] = await containers.list(wanted);
      return Promise.all(running.map((c) => statsOf(context, c)));
    },

    execSync: (id, command, timeout_s) => execSync(context, id, command, timeout_s),
    exec: (id, options) => execSession(context, id, options),
    async attach(id, options) {
      const { Config } = await containers.inspect(id);
      return attachSession(context, id, { ...options, tty: factsOf<ContainerFacts>(Config.Labels).tty, stdinOnce: Config.StdinOnce });
    },
    async dial(id, port) {
      const facts = await sandboxes.facts(id);
      if (facts.hostNetwork) return dialHost("127.0.0.1", port);
      return dialPod(`/proc/${await sandboxes.pid(id)}/ns/net`, sandboxes.ips(id)[0], port);
    },

    listImages: (image) => images.list(image),
    imageStatus: (image) => images.status(image),
    pullImage: (image, auth) => images.pull(image, auth),
    removeImage: (image) => images.remove(image),
    imageFsInfo: () => images.fsInfo(),
    close: async () => {},
  };
}

function condition(type: string, problem: string | undefined, reason: string): RuntimeCondition {
  return { type, status: !problem, reason: problem ? reason : "", message: problem ?? "" };
}
