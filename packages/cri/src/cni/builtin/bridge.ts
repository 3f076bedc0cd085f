import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { run } from "../../exec.ts";
import { tool } from "../../process/tools.ts";
import type { Attachment, CniResult, PluginConf, PluginRunner } from "../types.ts";
import { parseSubnet } from "./addresses.ts";
import { type Lease, release, reserve } from "./host-local.ts";

/** Bridges this process has set up: the first pod pays for it. */
const ready = new Set<string>();

const KNOWN = ["type", "cniVersion", "name", "bridge", "isGateway", "isDefaultGateway", "ipMasq", "hairpinMode", "ipam", "capabilities"];
const KNOWN_IPAM = ["type", "dataDir", "subnet", "ranges", "routes"];

/** Whether everything in the configuration is implemented here: IPv4 from one range, no NAT, no VLAN. */
export function bridgeSupports(conf: PluginConf): boolean {
  const ipam = (conf["ipam"] ?? {}) as { type?: string; subnet?: string; ranges?: { subnet: string }[][]; routes?: { dst: string }[] };
  const subnets = ipam.ranges ? ipam.ranges.flat().map((r) => r.subnet) : [ipam.subnet ?? ""];
  const plain = Object.keys(conf).every((key) => KNOWN.includes(key)) && Object.keys(ipam).every((key) => KNOWN_IPAM.includes(key));
  const ranges = (ipam.ranges ?? []).flat().every((range) => Object.keys(range).every((key) => key === "subnet" || key === "gateway"));
  const routes = (ipam.routes ?? []).every((route) => Object.keys(route).every((key) => key === "dst") && !route.dst.includes(":"));
  return plain && ranges && routes && !conf["ipMasq"] && ipam.type === "host-local" && subnets.length === 1 && !subnets[0]!.includes(":");
}

/** The `bridge` plug-in, as the containernetworking project has one: a veth pair of the pod on a bridge of the machine. */
export const bridgePlugin: PluginRunner = async (command, conf, attachment) => {
  if (command === "DEL") {
    await ip([`link del ${vethOf(attachment)}`]).catch(() => {}); // went with the pod's namespace
    release(conf, attachment);
    return undefined;
  }
  const lease = reserve(conf, attachment);
  try {
    await connect(conf, attachment, lease);
  } catch (error) {
    release(conf, attachment);
    throw error;
  }
  return result(conf, attachment, lease);
};

async function connect(conf: PluginConf, attachment: Attachment, lease: Lease): Promise<void> {
  const bridge = String(conf["bridge"] ?? "cni0");
  const pid = /^\/proc\/(\d+)\/ns\/net$/.exec(attachment.netns)?.[1];
  if (!pid) throw new Error(`the built-in bridge plug-in takes a namespace as /proc/PID/ns/net, not ${attachment.netns}`);
  const pair = [
    `link add ${vethOf(attachment)} type veth peer name ${attachment.ifName} netns ${pid}`,
    `link set ${vethOf(attachment)} master ${bridge} up`,
    ...(conf["hairpinMode"] ? [`link set ${vethOf(attachment)} type bridge_slave hairpin on`] : []),
  ];
  if (!ready.has(bridge)) await setUpBridge(conf, bridge, lease);
  try {
    await ip(pair);
  } catch {
    // Someone removed the bridge: once more from the start.
    await ip([`link del ${vethOf(attachment)}`]).catch(() => {});
    await setUpBridge(conf, bridge, lease);
    await ip(pair);
  }
  await ip(
    [
      "link set lo up",
      `addr add ${lease.address} broadcast + dev ${attachment.ifName}`,
      `link set ${attachment.ifName} up`,
      ...routesOf(conf).map((dst) => `route replace ${dst} via ${lease.gateway} dev ${attachment.ifName}`),
    ],
    attachment.netns,
  );
}

async function setUpBridge(conf: PluginConf, bridge: string, lease: Lease): Promise<void> {
  const prefix = lease.address.split("/")[1];
  // A fixed address: else the bridge takes over the lowest one of its ports, and neighbours' caches go stale.
  await ip([`link add name ${bridge} address ${macOf(bridge, lease)} type bridge`]).catch((error: Error) => {
    if (!/File exists/.test(error.message)) throw error;
  });
  const gateway =
    conf["isGateway"] || conf["isDefaultGateway"] ? [`addr replace ${lease.gateway}/${prefix} broadcast + dev ${bridge}`] : [];
  await ip([...gateway, `link set ${bridge} up`]);
  if (gateway.length > 0) enableForwarding();
  ready.add(bridge);
}

const FORWARD = "/proc/sys/net/ipv4/ip_forward";

/** In a container /proc/sys is read-only, but there Docker has set it already. */
function enableForwarding(): void {
  if (readFileSync(FORWARD, "utf8").trim() === "1") return;
  try {
    writeFileSync(FORWARD, "1");
  } catch (error) {
    throw new Error(`could not enable forwarding: ${(error as Error).message}; start the machine with sysctl net.ipv4.ip_forward=1`);
  }
}

function routesOf(conf: PluginConf): string[] {
  const routes = ((conf["ipam"] as { routes?: { dst: string }[] })?.routes ?? []).map((r) => (r.dst === "0.0.0.0/0" ? "default" : r.dst));
  return conf["isDefaultGateway"] && !routes.includes("default") ? [...routes, "default"] : routes;
}

function result(conf: PluginConf, attachment: Attachment, lease: Lease): CniResult {
  parseSubnet(lease.address); // what we hand on is well-formed
  return {
    cniVersion: String(conf["cniVersion"]),
    interfaces: [
      { name: String(conf["bridge"] ?? "cni0") },
      { name: vethOf(attachment) },
      { name: attachment.ifName, sandbox: attachment.netns },
    ],
    ips: [{ address: lease.address, gateway: lease.gateway }],
  };
}

/** Interface names have 15 characters. */
function vethOf(attachment: Attachment): string {
  const digest = createHash("sha1").update(`${attachment.containerId} ${attachment.ifName}`).digest("hex");
  return `veth${digest.slice(0, 8)}`;
}

/** Locally administered, from the bridge's name and address. */
function macOf(bridge: string, lease: Lease): string {
  const digest = createHash("sha1").update(`${bridge} ${lease.gateway}`).digest("hex");
  return `0a:58:${digest.slice(0, 8).match(/../g)!.join(":")}`;
}

/** Several `ip` commands in one process. */
async function ip(commands: string[], netns?: string): Promise<void> {
  const argv = [...(netns ? [tool("nsenter"), `--net=${netns}`, "--"] : []), tool("ip"), "-batch", "-"];
  const output = await run(argv, { input: `${commands.join("\n")}\n` });
  if (output.code !== 0) throw new Error(output.stderr.toString().trim().replaceAll("\n", "; ") || `ip ended with ${output.code}`);
}
