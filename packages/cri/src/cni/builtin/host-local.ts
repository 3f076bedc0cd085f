import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Attachment, PluginConf } from "../types.ts";
import { candidates, formatAddress, gatewayOf, parseAddress, parseSubnet } from "./addresses.ts";

const DEFAULT_DIR = "/var/lib/cni/networks";
const LAST = "last_reserved_ip.0";

export interface Lease {
  address: string; // with the prefix length
  gateway: string;
}

interface IpamConf {
  dataDir?: string;
  subnet?: string;
  ranges?: { subnet: string; gateway?: string }[][];
}

function open(conf: PluginConf): { dir: string; subnet: string; gateway: string } {
  const ipam = (conf["ipam"] ?? {}) as IpamConf;
  const range = ipam.ranges?.[0]?.[0] ?? (ipam.subnet ? { subnet: ipam.subnet } : undefined);
  if (!range) throw new Error("ipam: no range of addresses is configured");
  const gateway = ("gateway" in range && range.gateway) || gatewayOf(parseSubnet(range.subnet));
  return { dir: join(ipam.dataDir ?? DEFAULT_DIR, String(conf["name"])), subnet: range.subnet, gateway };
}

/**
 * Address management on disk, in the layout of the host-local plug-in (one file
 * for each address, holding the container's id and interface), so that either
 * may go on where the other stopped. Creating a file is the reservation.
 */
export function reserve(conf: PluginConf, attachment: Attachment): Lease {
  const { dir, subnet, gateway } = open(conf);
  const range = parseSubnet(subnet);
  mkdirSync(dir, { recursive: true });
  for (const candidate of candidates(range, lastReserved(dir))) {
    const address = formatAddress(candidate);
    if (address === gateway) continue;
    try {
      writeFileSync(join(dir, address), `${attachment.containerId}\r\n${attachment.ifName}`, { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw error;
    }
    writeFileSync(join(dir, LAST), address);
    return { address: `${address}/${range.prefix}`, gateway };
  }
  throw new Error(`failed to allocate for range 0: no IP addresses available in range set: ${subnet}`);
}

/** Frees what the container has; nothing is fine too. */
export function release(conf: PluginConf, attachment: Attachment): void {
  const { dir } = open(conf);
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return; // nothing was ever reserved
  }
  for (const name of names) {
    if (!/^\d+\.\d+\.\d+\.\d+$/.test(name)) continue;
    const [id, ifName] = readQuietly(join(dir, name)).split(/\r?\n/);
    if (id === attachment.containerId && (ifName === undefined || ifName === attachment.ifName)) rmSync(join(dir, name), { force: true });
  }
}

function lastReserved(dir: string): number | undefined {
  const text = readQuietly(join(dir, LAST)).trim();
  return text === "" ? undefined : parseAddress(text);
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
