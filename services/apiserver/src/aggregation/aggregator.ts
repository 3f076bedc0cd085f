import { createHash } from "node:crypto";
import {
  type APIService,
  apiError,
  type EndpointSlice,
  formatTime,
  jsonEqual,
  type KubeObject,
  type ResourceDefinition,
  type Service,
} from "@flotilla/api";
import type { Timer } from "@flotilla/base";
import { forward, forwardUpgrade } from "../proxy/forward.ts";
import type { Kernel } from "../registry/kernel.ts";
import { modifyStored } from "../registry/modify-stored.ts";
import type { Call, Reply } from "../request/call.ts";
import { noSuchPath } from "../request/errors.ts";
import { AVAILABLE, discoveryFailed, type Verdict, withoutAsking } from "./availability.ts";
import { identityHeaders } from "./identity.ts";
import { LocalServices } from "./local-services.ts";
import type { LegacyResource, Priorities, RemoteVersion } from "./merge.ts";
import { builtinPriority, CUSTOM_PRIORITY, OWN_GROUP } from "./priorities.ts";
import { type ProxyClient, RemoteClient, RemoteError } from "./remote-client.ts";

const PREFIX = "/registry/apiservices/";
/** A server that answers is asked again after this; one that does not, sooner. */
const PROBE_MS = 30_000;
const RETRY_MS = 1_000;

interface Remote extends RemoteVersion {
  api: APIService;
  probe: Timer | undefined;
  probing: boolean;
  /** Something changed meanwhile. */
  again: boolean;
}

/**
 * Aggregator sends requests for an APIService's group and version to its extension server, and tells of it in discovery.
 * 1. `remotes` has an entry for each APIService with a service, and for no other.
 * 2. `revision` changes with everything that discovery or OpenAPI show.
 */
export class Aggregator {
  readonly #kernel: Kernel;
  readonly #client: RemoteClient;
  readonly #remotes = new Map<string, Remote>();
  readonly #local: LocalServices;
  #unsubscribe: (() => void)[] = [];
  #stopped = false;
  #revision = 0;

  constructor(kernel: Kernel, client: ProxyClient) {
    this.#kernel = kernel;
    this.#client = new RemoteClient(kernel.store, kernel.random, client);
    this.#local = new LocalServices(kernel);
  }

  get revision(): number {
    return this.#revision;
  }

  get remotes(): readonly RemoteVersion[] {
    return [...this.#remotes.values()];
  }

  /** After the store has been read. */
  start(): void {
    const { store } = this.#kernel;
    for (const { object } of store.cache("apiservices").scan(PREFIX)) this.#changed(object as unknown as APIService);
    const follow = (resource: string, changed: (object: KubeObject, gone: boolean) => void) => {
      this.#unsubscribe.push(
        store.cache(resource).subscribe(store.revision, ({ type, entry }) => changed(entry.object, type === "DELETED")),
      );
    };
    follow("apiservices", (object, gone) => (gone ? this.#forget(object.metadata.name!) : this.#changed(object as unknown as APIService)));
    follow("services", ({ metadata }) => this.#serviceChanged(metadata.namespace, metadata.name));
    follow("endpointslices", ({ metadata }) => this.#serviceChanged(metadata.namespace, metadata.labels?.["kubernetes.io/service-name"]));
    this.#local.start();
  }

  stop(): void {
    this.#stopped = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const name of [...this.#remotes.keys()]) this.#forget(name);
    this.#local.stop();
  }

  /**
   * The way to an extension server; undefined: the request is this server's.
   * @throws ApiError ServiceUnavailable when the server did not answer its last probe, so that what is served is what discovery shows.
   */
  route(call: Call): Reply | undefined {
    if (this.#remotes.size === 0) return undefined;
    const [, root, group, version] = call.info.path.split("/");
    const remote = root === "apis" && group && version ? this.#remotes.get(`${version}.${group}`) : undefined;
    if (!remote) return undefined;
    if (!remote.available) throw apiError("ServiceUnavailable", "service unavailable");
    // A name with a slash in it would be another path there than the one that was authorized here.
    if ([call.info.name, call.info.namespace, call.info.resource, call.info.subresource].some((part) => part.includes("/")))
      throw noSuchPath();
    const mark = call.uri.indexOf("?");
    const path = `${call.info.path}${mark < 0 ? "" : call.uri.slice(mark)}`;
    const to = () => this.#client.destination(remote.api, path, identityHeaders(call.user));
    return {
      type: "proxy",
      serve: async (request, response) => forward(request, response, to(), call.signal),
      upgrade: async (request, socket, head) => forwardUpgrade(request, socket, head, to(), call.signal),
    };
  }

  /** From APIServices; what has none yet, as built in. */
  get priorities(): Priorities {
    const groups = new Map<string, number>();
    const versions = new Map<string, number>();
    for (const { object } of this.#kernel.store.cache("apiservices").scan(PREFIX)) {
      const { group = "", version = "", groupPriorityMinimum, versionPriority } = (object as unknown as APIService).spec!;
      groups.set(group, Math.max(groups.get(group) ?? 0, groupPriorityMinimum));
      versions.set(`${group}/${version}`, versionPriority);
    }
    return {
      group: (group) => (group === OWN_GROUP ? Infinity : (groups.get(group) ?? builtinPriority(group, "v1").group)),
      version: (group, version) => versions.get(`${group}/${version}`) ?? CUSTOM_PRIORITY.version,
    };
  }

  /** Documents of the extension servers that answer; those that have none are left out. */
  async documents(path: string): Promise<{ group: string; version: string; json: unknown; hash: string }[]> {
    const asked = [...this.#remotes.values()].filter(({ available }) => available);
    const answers = await Promise.allSettled(asked.map(({ api }) => this.#client.getJson(api, path)));
    return answers.flatMap((answer, index) => {
      if (answer.status === "rejected") return [];
      const { group, version } = asked[index]!;
      const hash = createHash("sha256").update(JSON.stringify(answer.value.json)).digest("hex").toUpperCase();
      return [{ group, version, json: answer.value.json, hash }];
    });
  }

  #changed(api: APIService): void {
    const name = api.metadata.name!;
    const known = this.#remotes.get(name);
    // Priorities may have changed: documents are written anew.
    if (!known || !jsonEqual(known.api.spec, api.spec)) this.#revision++;
    if (!api.spec?.service) return this.#forget(name);
    if (known && jsonEqual(known.api.spec, api.spec)) {
      known.api = api;
      if (known.resources === undefined && !known.available && saidAvailable(api)) {
        known.available = true;
        this.#revision++;
      }
      return;
    }
    known?.probe?.cancel();
    const { group = "", version = "" } = api.spec;
    const available = saidAvailable(api);
    const remote: Remote = { group, version, available, resources: undefined, api, probe: undefined, probing: false, again: false };
    this.#remotes.set(name, remote);
    void this.#probe(remote);
  }

  #forget(name: string): void {
    this.#remotes.get(name)?.probe?.cancel();
    if (this.#remotes.delete(name)) this.#revision++;
  }

  #serviceChanged(namespace: string | undefined, name: string | undefined): void {
    for (const remote of this.#remotes.values()) {
      const { service } = remote.api.spec!;
      if (service?.namespace === namespace && service?.name === name) void this.#probe(remote);
    }
  }

  async #probe(remote: Remote): Promise<void> {
    if (this.#stopped) return;
    if (remote.probing) {
      // What changed while it was being asked may change the answer.
      remote.again = true;
      return;
    }
    remote.probing = true;
    remote.again = false;
    remote.probe?.cancel();
    const verdict = await this.#ask(remote);
    remote.probing = false;
    if (this.#stopped || this.#remotes.get(remote.api.metadata.name!) !== remote) return;
    const available = verdict.status === "True";
    if (available !== remote.available) this.#revision++;
    remote.available = available;
    const next_ms = remote.again ? 0 : available ? PROBE_MS : RETRY_MS;
    remote.probe = this.#kernel.clock.setTimeout(() => void this.#probe(remote), next_ms);
    await this.#writeCondition(remote.api.metadata.name!, verdict).catch((error) => {
      if (!this.#stopped) this.#kernel.log.warn("API service's status not written", { name: remote.api.metadata.name, error });
    });
  }

  async #ask(remote: Remote): Promise<Verdict> {
    const { namespace = "", name = "" } = remote.api.spec!.service!;
    const { store } = this.#kernel;
    const service = store.cache("services").get(`/registry/services/${namespace}/${name}`)?.object as unknown as Service | undefined;
    const slices = [...store.cache("endpointslices").scan(`/registry/endpointslices/${namespace}/`)]
      .map(({ object }) => object as unknown as EndpointSlice)
      .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === name);
    const known = withoutAsking(remote.api, service, slices);
    if (known) return known;
    try {
      const { json } = await this.#client.getJson(remote.api, `/apis/${remote.group}/${remote.version}`);
      const { resources } = json as { resources?: LegacyResource[] };
      if (!jsonEqual(resources, remote.resources)) this.#revision++;
      remote.resources = resources ?? [];
      return AVAILABLE;
    } catch (error) {
      const url = error instanceof RemoteError ? error.url : `https://${name}.${namespace}.svc`;
      return discoveryFailed(url, (error as Error).message);
    }
  }

  get #definition(): ResourceDefinition {
    return this.#kernel.definitions.find(OWN_GROUP, "v1", "apiservices")!;
  }

  async #writeCondition(name: string, verdict: Verdict): Promise<void> {
    await modifyStored(this.#kernel, this.#definition, "", name, (current) => {
      const api = current as unknown as APIService;
      const before = api.status?.conditions?.find(({ type }) => type === "Available");
      if (before && before.status === verdict.status && before.reason === verdict.reason && before.message === verdict.message)
        return undefined;
      const lastTransitionTime = before?.status === verdict.status ? before.lastTransitionTime : formatTime(this.#kernel.clock.now());
      const { message, reason, status } = verdict;
      return { ...current, status: { conditions: [{ lastTransitionTime, message, reason, status, type: "Available" }] } };
    });
  }
}

/** As it was said last, perhaps by another API server: what counts until this one has had an answer. */
function saidAvailable({ status }: APIService): boolean {
  return status?.conditions?.some((condition) => condition.type === "Available" && condition.status === "True") ?? false;
}
