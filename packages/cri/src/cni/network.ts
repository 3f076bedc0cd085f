import { criErrors } from "../errors.ts";
import { loadNetwork } from "./conflist.ts";
import { executableRunner, findPlugin } from "./invoke.ts";
import type { Attachment, BuiltinPlugin, CniResult, Command, NetworkList, PluginConf, PluginRunner } from "./types.ts";

export interface NetworkOptions {
  confDir: string;
  binDirs: string[];
  /** Plug-ins of our own: they come first where they understand the configuration, since each saves two or three processes. */
  builtin: Record<string, BuiltinPlugin>;
}

export interface PodConnection {
  ips: string[]; // without prefix lengths
  /** The machine's ends: while they are there, the pod is connected. */
  hostInterfaces: string[];
}

export interface PodNetwork {
  /** undefined when usable, else why not, as the kubelet shows it in the node's Ready condition. */
  problem(): Promise<string | undefined>;
  add(attachment: Attachment): Promise<PodConnection>;
  /** Idempotent, and succeeds when the namespace is gone. */
  remove(attachment: Attachment): Promise<void>;
}

/** Adds pods to the network of the configuration folder and takes them out again. */
export function createPodNetwork(options: NetworkOptions): PodNetwork {
  const runner = (plugin: PluginConf): PluginRunner | undefined => {
    const own = options.builtin[plugin.type];
    if (own?.supports(plugin)) return own.run;
    const path = findPlugin(plugin.type, options.binDirs);
    return path ? executableRunner(path, options.binDirs) : undefined;
  };
  const call = (command: Command, list: NetworkList, plugin: PluginConf, attachment: Attachment, previous: CniResult | undefined) => {
    const run = runner(plugin);
    if (!run) throw criErrors.failed("CNI", `failed to find plugin "${plugin.type}" in path [${options.binDirs.join(" ")}]`);
    return run(command, pluginInput(list, plugin, attachment, previous), attachment);
  };

  return {
    async problem() {
      const list = await loadNetwork(options.confDir).catch((error: Error) => error);
      if (list instanceof Error) return list.message;
      if (!list) return `cni plugin not initialized: no network configuration in ${options.confDir}`;
      const missing = list.plugins.find((plugin) => !runner(plugin));
      return missing && `cni plugin not initialized: failed to find plugin "${missing.type}" in path [${options.binDirs.join(" ")}]`;
    },

    async add(attachment) {
      const list = await loadNetwork(options.confDir);
      if (!list)
        throw criErrors.failed("failed to set up sandbox network", `cni plugin not initialized: no configuration in ${options.confDir}`);
      let result: CniResult | undefined;
      try {
        for (const plugin of list.plugins) result = await call("ADD", list, plugin, attachment, result);
      } catch (error) {
        await removeAll(list, attachment).catch(() => {}); // the spec asks for DEL after a failed ADD
        throw criErrors.failed("failed to set up sandbox network", (error as Error).message);
      }
      return {
        ips: (result?.ips ?? []).map((ip) => ip.address.split("/")[0]!),
        hostInterfaces: (result?.interfaces ?? []).filter((i) => !i.sandbox).map((i) => i.name),
      };
    },

    async remove(attachment) {
      const list = await loadNetwork(options.confDir);
      if (list) await removeAll(list, attachment);
    },
  };

  async function removeAll(list: NetworkList, attachment: Attachment): Promise<void> {
    for (const plugin of list.plugins.toReversed()) await call("DEL", list, plugin, attachment, undefined);
  }
}

/** What a plug-in gets: its own configuration, the list's name and version, the previous result, the capability arguments it asked for. */
export function pluginInput(list: NetworkList, plugin: PluginConf, attachment: Attachment, previous: CniResult | undefined): PluginConf {
  const { capabilities, ...own } = plugin;
  const wanted = Object.entries(attachment.capabilityArgs).filter(([name]) => capabilities?.[name]);
  return {
    ...own,
    cniVersion: list.cniVersion,
    name: list.name,
    ...(wanted.length > 0 ? { runtimeConfig: Object.fromEntries(wanted) } : {}),
    ...(previous ? { prevResult: previous } : {}),
  };
}
