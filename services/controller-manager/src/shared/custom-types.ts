import { apiVersionOf, type CustomResourceDefinition, CustomResourceDefinitions, type KubeObject, type ResourceType } from "@flotilla/api";
import type { Informer } from "@flotilla/client";
import type { ControllerContext } from "../context.ts";

export interface CustomTypeHandler {
  added(type: ResourceType<KubeObject>): void;
  removed(type: ResourceType<KubeObject>): void;
}

/** The kinds that CustomResourceDefinitions bring and take while the manager runs: each by one version that is served. */
export class CustomTypes {
  readonly #informer: Informer<CustomResourceDefinition>;
  readonly #types = new Map<string, ResourceType<KubeObject>>();
  readonly #handler: CustomTypeHandler | undefined;

  constructor({ informers }: Pick<ControllerContext, "informers">, handler?: CustomTypeHandler) {
    this.#handler = handler;
    this.#informer = informers.informer(CustomResourceDefinitions);
    this.#informer.subscribe({
      add: (crd) => this.#changed(crd),
      update: (crd) => this.#changed(crd),
      delete: (crd) => this.#set(crd.metadata.name!, undefined),
    });
  }

  get informer(): Informer<CustomResourceDefinition> {
    return this.#informer;
  }

  all(): ResourceType<KubeObject>[] {
    return [...this.#types.values()];
  }

  has(type: ResourceType<unknown>): boolean {
    return this.#types.get(`${type.resource}.${type.group}`) === type;
  }

  /** By any of its versions: what one version shows, all show. */
  find(apiVersion: string, kind: string): ResourceType<KubeObject> | undefined {
    const group = apiVersion.slice(0, Math.max(0, apiVersion.indexOf("/")));
    return this.all().find((type) => type.group === group && type.kind === kind);
  }

  #changed(crd: CustomResourceDefinition): void {
    const established = crd.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True");
    const { group, names, scope, versions } = crd.spec;
    const version = versions.find(({ storage, served }) => storage && served) ?? versions.find(({ served }) => served);
    if (!established || !version) return this.#set(crd.metadata.name!, undefined);
    const namespaced = scope === "Namespaced";
    this.#set(crd.metadata.name!, { group, version: version.name, resource: names.plural, kind: names.kind, namespaced });
  }

  #set(name: string, next: ResourceType<KubeObject> | undefined): void {
    const before = this.#types.get(name);
    if (before && next && apiVersionOf(before) === apiVersionOf(next)) return;
    if (before) {
      this.#types.delete(name);
      this.#handler?.removed(before);
    }
    if (next) {
      this.#types.set(name, next);
      this.#handler?.added(next);
    }
  }
}
