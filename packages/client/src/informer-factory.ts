import type { ResourceType } from "@flotilla/api";
import type { Informer, InformerFactory, InformerOptions } from "./informer.ts";
import type { ReflectorPorts } from "./reflector.ts";
import { SharedInformer } from "./shared-informer.ts";

/** Informers asked for after `start` start at once; indexers of all who ask are joined. */
export function createInformerFactory(ports: ReflectorPorts): InformerFactory {
  const informers = new Map<string, SharedInformer<any>>();
  let running: AbortSignal | undefined;
  return {
    informer<T>(type: ResourceType<T>, options: InformerOptions<T> = {}): Informer<T> {
      const { namespace, labelSelector, fieldSelector } = options;
      const key = JSON.stringify([type.group, type.version, type.resource, namespace, labelSelector, fieldSelector]);
      let informer = informers.get(key);
      if (informer) informer.addIndexers(options.indexers ?? {});
      else {
        informer = new SharedInformer<T>(ports, type, options);
        informers.set(key, informer);
        if (running) informer.start(running);
      }
      return informer;
    },
    start(signal) {
      running = signal;
      for (const informer of informers.values()) informer.start(signal);
    },
    async synced() {
      await Promise.all([...informers.values()].map((i) => i.synced()));
    },
  };
}
