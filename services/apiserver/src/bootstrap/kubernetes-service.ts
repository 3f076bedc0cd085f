import { isNotFound, jsonEqual, type KubeObject } from "@flotilla/api";
import { sleep, type Timer } from "@flotilla/base";
import { addressAt } from "../network/cidr.ts";
import { type ServiceNetwork, serviceHook } from "../network/service-hook.ts";
import type { Kernel } from "../registry/kernel.ts";
import { modifyStored } from "../registry/modify-stored.ts";
import { ensure } from "./namespaces.ts";

const PREFIX = "/registry/masterleases/";
/** A killed server's address leaves the endpoints after this. */
const TTL_SECONDS = 6;
const REFRESH_MS = 2_000;
const NAME = "kubernetes";
const NAMESPACE = "default";
const LABELS = { component: "apiserver", provider: "kubernetes" };

export interface Advertised {
  address: string;
  port: number;
}

/**
 * Keeps the Service `kubernetes` and its endpoints: each living replica holds a key
 * with a lease in the store; every replica writes the same endpoints from those keys.
 */
export class KubernetesService {
  private readonly kernel: Kernel;
  private readonly network: ServiceNetwork;
  private readonly advertised: Advertised;
  private lease: string | undefined;
  private timer: Timer | undefined;
  private running: Promise<void> | undefined;
  private again = false;
  private unsubscribe = () => {};
  private stopped = false;

  constructor(kernel: Kernel, network: ServiceNetwork, advertised: Advertised) {
    this.kernel = kernel;
    this.network = network;
    this.advertised = advertised;
  }

  async start(): Promise<void> {
    await this.ensureService();
    await this.refresh();
    this.unsubscribe = this.kernel.store.cache("masterleases").subscribe(this.kernel.store.revision, () => this.reconcile());
    this.reconcile();
    this.timer = this.kernel.clock.setInterval(() => void this.refresh(), REFRESH_MS);
  }

  /** Takes our address out at once: nobody should be sent here any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    const { store, clock } = this.kernel;
    const entry = store.cache("masterleases").get(PREFIX + this.advertised.address);
    if (entry) await Promise.race([store.remove(entry.key, entry.revision).catch(() => undefined), sleep(clock, 500)]);
    await Promise.race([this.running, sleep(clock, 500)]);
    this.unsubscribe();
  }

  private async refresh(): Promise<void> {
    try {
      if (this.lease !== undefined && (await this.kernel.store.keepAlive(this.lease)) > 0) return;
      await this.register();
    } catch (error) {
      this.kernel.log.debug("could not renew the server's lease", { error: (error as Error).message });
    }
  }

  private async register(): Promise<void> {
    const { store } = this.kernel;
    const lease = await store.grantLease(TTL_SECONDS);
    const key = PREFIX + this.advertised.address;
    const value = Buffer.from(JSON.stringify({ kind: "Endpoints", apiVersion: "v1", metadata: { name: this.advertised.address } }));
    const current = await store.read(key);
    const result = await store.swap(key, current?.revision ?? 0, value, lease);
    if (result.ok) this.lease = lease;
  }

  /** One reconciliation at a time; changes meanwhile ask for one more. */
  private reconcile(): void {
    if (this.stopped && !this.lease) return;
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = this.writeEndpoints()
      .catch((error: Error) => this.kernel.log.warn("could not write the kubernetes endpoints", { error: error.message }))
      .finally(() => {
        this.running = undefined;
        if (!this.again) return;
        this.again = false;
        this.reconcile();
      });
  }

  private async ensureService(): Promise<void> {
    const definition = this.kernel.definitions.find("", "v1", "services")!;
    const object: KubeObject = {
      kind: "Service",
      apiVersion: "v1",
      metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
      spec: {
        clusterIP: addressAt(this.network.cidr, 1),
        ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: this.advertised.port }],
        sessionAffinity: "None",
        type: "ClusterIP",
        internalTrafficPolicy: "Cluster",
      },
      status: { loadBalancer: {} },
    };
    await serviceHook(this.network).beforeWrite!(object, undefined);
    await ensure(this.kernel, definition, NAMESPACE, object);
  }

  private async writeEndpoints(): Promise<void> {
    const addresses = [...this.kernel.store.cache("masterleases").scan(PREFIX)].map(({ key }) => key.slice(PREFIX.length)).sort();
    const ports = [{ name: "https", port: this.advertised.port, protocol: "TCP" }];
    const endpoints = {
      kind: "Endpoints",
      apiVersion: "v1",
      subsets: addresses.length === 0 ? [] : [{ addresses: addresses.map((ip) => ({ ip })), ports }],
    };
    await this.write("", "endpoints", { ...endpoints, metadata: { labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } } });
    const slice = {
      kind: "EndpointSlice",
      apiVersion: "discovery.k8s.io/v1",
      addressType: "IPv4",
      endpoints: addresses.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
      ports,
    };
    await this.write("discovery.k8s.io", "endpointslices", { ...slice, metadata: { labels: { "kubernetes.io/service-name": NAME } } });
  }

  private async write(group: string, resource: string, object: KubeObject): Promise<void> {
    const definition = this.kernel.definitions.find(group, "v1", resource)!;
    const { metadata, ...content } = object;
    const change = (current: KubeObject) => {
      const next = {
        ...current,
        ...content,
        metadata: { ...current.metadata, labels: { ...current.metadata.labels, ...metadata.labels } },
      };
      return jsonEqual(next, current) ? undefined : next;
    };
    try {
      await modifyStored(this.kernel, definition, NAMESPACE, NAME, change);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const created = await ensure(this.kernel, definition, NAMESPACE, {
        ...object,
        metadata: { ...metadata, name: NAME, namespace: NAMESPACE },
      });
      if (!created) await modifyStored(this.kernel, definition, NAMESPACE, NAME, change);
    }
  }
}
