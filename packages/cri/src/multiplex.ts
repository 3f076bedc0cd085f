import type { Backend } from "./backend.ts";
import { criErrors } from "./errors.ts";
import type { Runtime } from "./server/service.ts";

/**
 * Several runtime handlers behind one CRI endpoint. A sandbox stays with the
 * handler that made it; each handler remembers its own, so nothing is kept here.
 * Calls that name no handler ask the default one first, then the others.
 */
export function multiplex(backends: Backend[], defaultHandler: string): Runtime {
  const byName = new Map(backends.map((b) => [b.handler, b]));
  const known = [...byName.keys()];
  const named = (handler: string): Backend => {
    const backend = byName.get(handler || defaultHandler);
    if (!backend) throw criErrors.unknownHandler(handler, known);
    return backend;
  };
  const main = named(defaultHandler);
  const ordered = [main, ...backends.filter((b) => b !== main)];

  const lookups = [...ordered.filter((b) => !b.costlyLookup), ...ordered.filter((b) => b.costlyLookup)];
  /** The last one is not asked: it answers "not found" itself. */
  const find = async (owns: (b: Backend) => Promise<boolean>): Promise<Backend> => {
    for (const backend of lookups.slice(0, -1)) if (await owns(backend)) return backend;
    return lookups.at(-1)!;
  };
  const ofSandbox = (id: string) => find((b) => b.ownsSandbox(id));
  const ofContainer = (id: string) => find((b) => b.ownsContainer(id));
  const each = async <T>(list: (b: Backend) => Promise<T[]>): Promise<T[]> => (await Promise.all(ordered.map(list))).flat();

  return {
    handler: defaultHandler,
    version: () => main.version(),
    conditions: async () => mergeConditions(await each((b) => b.conditions())),
    ownsSandbox: async (id) => (await ofSandbox(id)).ownsSandbox(id),
    ownsContainer: async (id) => (await ofContainer(id)).ownsContainer(id),

    runSandbox: async (config, handler) => named(handler).runSandbox(config),
    stopSandbox: async (id) => (await ofSandbox(id)).stopSandbox(id),
    removeSandbox: async (id) => (await ofSandbox(id)).removeSandbox(id),
    sandboxStatus: async (id, verbose) => (await ofSandbox(id)).sandboxStatus(id, verbose),
    listSandboxes: (filter) => each((b) => b.listSandboxes(filter)),

    createContainer: async (sandboxId, config, sandbox) => (await ofSandbox(sandboxId)).createContainer(sandboxId, config, sandbox),
    startContainer: async (id) => (await ofContainer(id)).startContainer(id),
    stopContainer: async (id, timeout_s) => (await ofContainer(id)).stopContainer(id, timeout_s),
    removeContainer: async (id) => (await ofContainer(id)).removeContainer(id),
    listContainers: (filter) => each((b) => b.listContainers(filter)),
    containerStatus: async (id, verbose) => (await ofContainer(id)).containerStatus(id, verbose),
    updateResources: async (id, resources) => (await ofContainer(id)).updateResources(id, resources),
    reopenLog: async (id) => (await ofContainer(id)).reopenLog(id),
    containerStats: async (id) => (await ofContainer(id)).containerStats(id),
    listContainerStats: (filter) => each((b) => b.listContainerStats(filter)),
    execSync: async (id, command, timeout_s) => (await ofContainer(id)).execSync(id, command, timeout_s),
    exec: async (id, options) => (await ofContainer(id)).exec(id, options),
    attach: async (id, options) => (await ofContainer(id)).attach(id, options),
    dial: async (id, port) => (await ofSandbox(id)).dial(id, port),

    listImages: (image) => each((b) => b.listImages(image)),
    imageStatus: async (image, handler) => {
      if (handler) return named(handler).imageStatus(image);
      for (const backend of ordered) {
        const found = await backend.imageStatus(image);
        if (found) return found;
      }
      return undefined;
    },
    pullImage: async (image, auth, handler) => {
      if (handler) return named(handler).pullImage(image, auth);
      for (const backend of ordered) if (backend !== main && (await backend.imageStatus(image))) return backend.pullImage(image, auth);
      return main.pullImage(image, auth);
    },
    removeImage: async (image) => {
      for (const backend of ordered) if (await backend.imageStatus(image)) await backend.removeImage(image);
    },
    imageFsInfo: () => each((b) => b.imageFsInfo()),
    close: async () => {
      await Promise.all(ordered.map((b) => b.close()));
    },
  };
}

/** RuntimeReady and NetworkReady hold only when they hold for every handler. */
export function mergeConditions<C extends { type: string; status: boolean }>(conditions: C[]): C[] {
  const merged = new Map<string, C>();
  for (const condition of conditions) {
    const before = merged.get(condition.type);
    if (!before || (before.status && !condition.status)) merged.set(condition.type, condition);
  }
  return [...merged.values()];
}
