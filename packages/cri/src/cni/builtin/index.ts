import type { BuiltinPlugin, CniResult, PluginConf } from "../types.ts";
import { bridgePlugin, bridgeSupports } from "./bridge.ts";

/** Plug-ins of our own. The pause program brings `lo` up itself, and Docker does so too. */
export const builtinPlugins: Record<string, BuiltinPlugin> = {
  bridge: { supports: bridgeSupports, run: bridgePlugin },
  loopback: {
    supports: () => true,
    run: async (command, conf: PluginConf) => (command === "ADD" ? ((conf["prevResult"] as CniResult) ?? {}) : undefined),
  },
};
