import type { CniResult, PluginRunner } from "../types.ts";
import { bridgePlugin } from "./bridge.ts";

/** Plug-ins of our own, for the types that no plug-in folder holds. The pause program brings `lo` up itself. */
export const builtinPlugins: Record<string, PluginRunner> = {
  bridge: bridgePlugin,
  loopback: async (command, conf) => (command === "ADD" ? ((conf["prevResult"] as CniResult) ?? {}) : undefined),
};
