import { type Pod, RuntimeClasses, type Secret, type Service, Services } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import type { ApiClient, Informer, InformerFactory } from "@flotilla/client";
import { isStaticPod } from "../pods/pod.ts";
import type { ApiFacts } from "../worker/kit.ts";
import { ObjectCache } from "./object-cache.ts";
import { TokenSource } from "./tokens.ts";

/** What pods need of the API, by informers where many ask for the same, by calls where few do. */
export function createApiFacts(ports: { client: ApiClient; clock: Clock; informers: InformerFactory }): ApiFacts {
  const services: Informer<Service> = ports.informers.informer(Services);
  const classes = ports.informers.informer(RuntimeClasses);
  const objects = new ObjectCache(ports.client, ports.clock);
  const tokens = new TokenSource(ports.client, ports.clock);
  return {
    configMap: objects.configMap,
    secret: objects.secret,
    token: tokens.get,
    async services(pod) {
      // A static pod may be the API server itself: it cannot wait for it.
      if (!isStaticPod(pod)) await services.synced();
      return services.lister.list();
    },
    async runtimeClass(name) {
      await classes.synced();
      return classes.lister.get(name);
    },
    async pullSecrets(pod) {
      const names = (pod.spec?.imagePullSecrets ?? []).map((s) => s.name).filter((n) => n !== undefined);
      const found = await Promise.all(names.map((name) => objects.secret(pod.metadata.namespace!, name)));
      return found.filter((s): s is Secret => s !== undefined);
    },
  };
}

/** Without an API server: static pods only, and nothing to look up. */
export const noApiFacts: ApiFacts = {
  configMap: async () => undefined,
  secret: async () => undefined,
  services: async () => [],
  runtimeClass: async () => undefined,
  pullSecrets: async () => [],
  token: async (_pod: Pod) => {
    throw new Error("no API server to ask for a token");
  },
};
