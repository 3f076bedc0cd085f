import { join } from "node:path";
import { type Node, Nodes, type Pod, Pods } from "@flotilla/api";
import { sleep } from "@flotilla/base";
import { type ApiClient, createEventRecorder, type EventRecorder, type Informer, type InformerFactory } from "@flotilla/client";
import type { BasePorts } from "@flotilla/process";
import { KeyedBackoff } from "./actions/backoff.ts";
import type { KubeletConfig } from "./config.ts";
import { Observer } from "./cri/observer.ts";
import { runPleg } from "./cri/pleg.ts";
import type { Runtime } from "./cri/runtime.ts";
import { createPodEvents } from "./events/pod-events.ts";
import { ImageManager } from "./images/manager.ts";
import { NodeAgent } from "./node/agent.ts";
import { nodeCapacity } from "./node/capacity.ts";
import { createNodeFacts } from "./node/facts.ts";
import { runLease } from "./node/lease.ts";
import { readMachine, readResources } from "./node/machine.ts";
import { PodNetwork } from "./node/network.ts";
import { defaultLabels, type NodeIdentity } from "./node/registration.ts";
import { createNodeReport } from "./node/report.ts";
import { sameRoute } from "./node/routes.ts";
import { RuntimeWatch } from "./node/runtime-watch.ts";
import { admit } from "./pods/admission.ts";
import { wantsHostPorts } from "./pods/host-ports.ts";
import { describePod, isStaticPod } from "./pods/pod.ts";
import { ProbeManager } from "./probes/manager.ts";
import { createApiFacts, noApiFacts } from "./sources/api-facts.ts";
import { watchManifests } from "./sources/manifests.ts";
import { keepMirror, removeMirror } from "./sources/mirror.ts";
import { PodSources, podsOf } from "./sources/pod-sources.ts";
import { StatusWriter } from "./status/writer.ts";
import { type Exec, VolumeManager } from "./volumes/manager.ts";
import { runHousekeeping } from "./worker/housekeeping.ts";
import type { Kit } from "./worker/kit.ts";
import { PodWorkers } from "./worker/workers.ts";

export interface KubeletPorts extends BasePorts {
  runtime: Runtime;
  exec: Exec;
  /** Absent: standalone, static pods only. */
  api?: { client: ApiClient; informers: InformerFactory };
}

const ROUTE_CHECK_MS = 30_000;

/**
 * One node's agent: owns the pod workers and everything they share. Its parts meet
 * here only; each has its own file.
 */
export class Kubelet {
  readonly kit: Kit;
  readonly workers: PodWorkers;
  readonly sources: PodSources;
  readonly status: StatusWriter;
  private readonly ports: KubeletPorts;
  private readonly config: KubeletConfig;
  private readonly shutdown: AbortController;
  private readonly network: PodNetwork;
  private readonly runtimeWatch: RuntimeWatch;
  private readonly capacity: ReturnType<typeof nodeCapacity>;
  private readonly identity: NodeIdentity;
  private readonly machine;
  private readonly recorder: EventRecorder | undefined;
  private readonly pods: Informer<Pod> | undefined;
  private readonly agent: NodeAgent | undefined;
  private node: Node | undefined;
  private port = 0;
  private runtimeHealthy = false;

  constructor(ports: KubeletPorts, config: KubeletConfig) {
    this.ports = ports;
    this.config = config;
    this.shutdown = new AbortController();
    const { clock, log, random, runtime, exec, api } = ports;
    const { signal } = this.shutdown;
    const resources = readResources("/");
    this.machine = readMachine(config.nodeName);
    this.capacity = nodeCapacity(resources, {
      maxPods: config.maxPods,
      override: config.nodeCapacity,
      systemReserved: config.systemReserved,
    });
    this.identity = {
      name: config.nodeName,
      hostname: config.nodeName,
      architecture: this.machine.architecture,
      labels: config.nodeLabels,
      taints: config.registerTaints,
      providerID: config.providerID,
    };
    this.recorder = api && createEventRecorder({ client: api.client, clock, log }, { component: "kubelet", host: config.nodeName });
    this.pods = api?.informers.informer(Pods, podsOf(config.nodeName));
    this.network = new PodNetwork(
      { log, exec },
      { nodeName: config.nodeName, cniDirectory: config.cniConfDirectory, ipamDirectory: join(config.rootDirectory, "cni") },
    );
    this.runtimeWatch = new RuntimeWatch({ clock, log, runtime });
    this.status = new StatusWriter({ clock, log, client: api?.client, apiPod: (pod) => this.sources.apiPod(pod) }, signal);
    const probes = new ProbeManager({
      clock,
      random,
      runtime,
      changed: (uid) => this.workers.wake(uid),
      unhealthy: (pod, container, message) => this.kit.events.emit(pod, "Warning", "Unhealthy", message, container),
    });
    this.kit = {
      clock,
      random,
      log,
      runtime,
      observer: new Observer(runtime, clock),
      images: new ImageManager({ clock, log, runtime }),
      volumes: new VolumeManager({ clock, random, exec }, config.rootDirectory),
      probes,
      node: createNodeFacts(config, {
        allocatable: this.capacity.allocatable,
        memory_bytes: resources.memory_bytes,
        network: this.network,
        runtime: this.runtimeWatch,
      }),
      api: api ? createApiFacts({ client: api.client, clock, informers: api.informers }) : noApiFacts,
      status: this.status,
      events: createPodEvents(this.recorder),
      restarts: new KeyedBackoff(),
      rootDirectory: config.rootDirectory,
      logDirectory: config.podLogsDirectory,
      defaultRuntimeHandler: config.defaultRuntimeHandler,
      syncPeriod_ms: config.syncFrequency_ms,
    };
    this.workers = new PodWorkers(
      this.kit,
      { beforeSync: (pod) => this.beforeSync(pod), confirmDeletion: (pod) => this.confirmDeletion(pod), left: (pod) => this.left(pod) },
      signal,
    );
    this.sources = new PodSources({
      log,
      client: api?.client,
      pods: this.pods,
      workers: this.workers,
      admit: (pod) => this.admit(pod),
      shown: (uid, pod) => this.status.reconcile(uid, pod),
      mirrorChanged: () => this.mirrorChanged(),
    });
    this.agent =
      api &&
      new NodeAgent(
        {
          clock,
          log,
          client: api.client,
          report: createNodeReport({ ...ports, network: this.network, watch: this.runtimeWatch }, () => ({
            ...this.capacity,
            machine: this.machine,
            nodeIP: config.nodeIP,
            port: this.port,
          })),
          event: (reason, message) => this.nodeEvent(reason, message),
          seen: (node) => this.seenNode(node),
        },
        this.identity,
        config.registerNode,
      );
  }

  /** `port` is where the node server listens; it is told to the API. */
  start(port: number): void {
    this.port = port;
    const { clock, log, api } = this.ports;
    const { signal } = this.shutdown;
    if (this.config.podCIDR) void this.network.update({ podCIDR: this.config.podCIDR }).then(() => this.networkChanged());
    void this.runtimeWatch.run(() => this.networkChanged(), signal);
    void runPleg(
      { clock, log, observer: this.kit.observer },
      (uid) => this.workers.wake(uid),
      (healthy) => {
        this.runtimeHealthy = healthy;
      },
      signal,
    );
    void this.startStaticPods();
    if (api) this.startApi(api);
    void runHousekeeping(this.kit, this.sources, this.workers, signal);
  }

  /** Not before the runtime has shown what it runs already: it may be an older version of the same pod. */
  private async startStaticPods(): Promise<void> {
    const { clock, log } = this.ports;
    const { manifestPath, nodeName, fileCheckFrequency_ms } = this.config;
    const { signal } = this.shutdown;
    if (manifestPath === "") {
      this.sources.deliverManifests([]);
      return;
    }
    while (!signal.aborted && !(await this.kit.observer.relist().catch(() => undefined))) await sleep(clock, 50, signal);
    await watchManifests(
      { clock, log },
      manifestPath,
      nodeName,
      fileCheckFrequency_ms,
      (pods) => this.sources.deliverManifests(pods),
      signal,
    );
  }

  private startApi(api: NonNullable<KubeletPorts["api"]>): void {
    const { clock, log } = this.ports;
    const { signal } = this.shutdown;
    this.sources.subscribe();
    const nodes = api.informers.informer(Nodes);
    const routes = () => void this.network.update({ nodes: nodes.lister.list() });
    const changed = (node: Node, old?: Node) => {
      if (node.metadata.name === this.config.nodeName) {
        this.agent?.observed(node);
        this.seenNode(node);
      } else if (!old || !sameRoute(node, old)) routes();
    };
    nodes.subscribe({ add: changed, update: changed, delete: routes });
    // What others did to our routes is mended now and then.
    const timer = clock.setInterval(routes, ROUTE_CHECK_MS);
    signal.addEventListener("abort", () => timer.cancel(), { once: true });
    api.informers.start(signal);
    void this.pods!.synced().then(() => {
      this.workers.wakeAll();
      this.status.resync();
    });
    this.nodeEvent("Starting", "Starting kubelet.");
    void this.agent!.run(this.config.nodeStatusFrequency_ms, signal);
    void runLease({ client: api.client, clock, log, node: () => this.node }, this.config.nodeName, this.config.leaseDuration_s, signal);
  }

  healthy(): boolean {
    return this.runtimeHealthy;
  }

  async stop(): Promise<void> {
    this.shutdown.abort();
    for (const worker of this.workers.all()) this.kit.probes.retain(worker.pod.metadata.uid!, new Set());
  }

  private networkChanged(): void {
    this.agent?.changed();
    this.workers.wakeAll();
  }

  /** Our own Node object, from whoever saw it: the pod network follows its pod CIDR. */
  private seenNode(node: Node): void {
    const first = this.node === undefined;
    this.node = node;
    // Mirror pods are owned by the node: they could not be made before.
    if (first) this.workers.wakeAll();
    if (!node.spec?.podCIDR || this.network.serves(node.spec.podCIDR)) return;
    const before = this.network.problem();
    void this.network.update({ podCIDR: node.spec.podCIDR }).then(() => {
      if (before === this.network.problem()) return;
      this.runtimeWatch.poke();
      this.networkChanged();
    });
  }

  private nodeEvent(reason: string, message: string): void {
    const { nodeName } = this.config;
    this.recorder?.event({ apiVersion: "v1", kind: "Node", name: nodeName, uid: nodeName }, "Normal", reason, message);
  }

  private admit(pod: Pod): void {
    const others = this.workers.active().map((w) => w.pod);
    const running = this.kit.observer.peek(pod.metadata.uid!) !== undefined;
    const decided = running || pod.metadata.deletionTimestamp || (pod.status?.phase ?? "Pending") !== "Pending";
    const node = { allocatable: this.capacity.allocatable, labels: this.node?.metadata.labels ?? defaultLabels(this.identity) };
    const refusal = decided ? undefined : admit(pod, others, node);
    const start = () => {
      this.workers.update(pod);
      if (!refusal) return;
      this.kit.events.emit(pod, "Warning", refusal.reason, refusal.message);
      this.workers.get(pod.metadata.uid!)?.end(0, refusal);
    };
    // The first pod with a host port waits until the network can forward one.
    // One that runs already needs its worker now: without it, it would be taken for an orphan.
    if (wantsHostPorts([pod])) {
      const forwarding = this.network.update({ hostPorts: true });
      if (running) start();
      else void forwarding.then(start);
    } else start();
  }

  private mirrorChanged(): void {
    for (const worker of this.workers.all()) if (isStaticPod(worker.pod)) worker.wake();
    this.status.resync();
  }

  private async beforeSync(pod: Pod): Promise<void> {
    const client = this.ports.api?.client;
    if (!client || !isStaticPod(pod) || !this.pods?.hasSynced()) return;
    const ports = { client, log: this.ports.log, mirror: (p: Pod) => this.sources.mirror(p), node: () => this.node };
    // The API may be slow or gone; the pod itself must not wait for it.
    void keepMirror(ports, pod).catch((error) => this.ports.log.debug("mirror pod not kept", { error: (error as Error).message }));
  }

  private async confirmDeletion(pod: Pod): Promise<void> {
    const client = this.ports.api?.client;
    if (!client) return;
    await this.status.flush(pod.metadata.uid!);
    await removeMirror(client, pod); // the same call: a deletion without grace, of this very uid
    this.ports.log.info("pod is gone", { pod: describePod(pod) });
  }

  private left(pod: Pod): void {
    this.status.forget(pod.metadata.uid!);
    if (wantsHostPorts([pod])) void this.network.update({ hostPorts: wantsHostPorts(this.workers.all().map((w) => w.pod)) });
    const mirror = isStaticPod(pod) ? this.sources.mirror(pod) : undefined;
    const client = this.ports.api?.client;
    if (!mirror || !client || mirror.metadata.annotations?.["kubernetes.io/config.hash"] !== pod.metadata.uid) return;
    void removeMirror(client, mirror).catch((error) =>
      this.ports.log.warn("could not delete mirror pod", { error: (error as Error).message }),
    );
  }
}
