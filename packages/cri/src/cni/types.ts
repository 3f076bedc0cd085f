/** The CNI protocol, versions 0.3.0 to 1.0.0 (containernetworking/cni SPEC.md). */
export interface NetworkList {
  cniVersion: string;
  name: string;
  plugins: PluginConf[];
}

export interface PluginConf {
  type: string;
  capabilities?: Record<string, boolean>;
  [key: string]: unknown;
}

export interface CniResult {
  cniVersion?: string;
  ips?: { address: string; gateway?: string }[];
  /** Those without `sandbox` are the machine's. */
  interfaces?: { name: string; sandbox?: string }[];
  [key: string]: unknown;
}

export interface Attachment {
  containerId: string;
  netns: string; // a path such as /proc/PID/ns/net
  ifName: string;
  args: Record<string, string>; // CNI_ARGS: K8S_POD_NAME and the like
  capabilityArgs: Record<string, unknown>; // runtimeConfig, for the plug-ins that ask for it
}

export type Command = "ADD" | "DEL";

/** One plug-in call; rejects with the plug-in's own message. */
export type PluginRunner = (command: Command, conf: PluginConf, attachment: Attachment) => Promise<CniResult | undefined>;

/** A plug-in of our own: no process to start, for the configurations it understands wholly. */
export interface BuiltinPlugin {
  supports(conf: PluginConf): boolean;
  run: PluginRunner;
}
