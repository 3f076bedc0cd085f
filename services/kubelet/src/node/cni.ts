import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

const FILE = "10-flotilla.conflist";

/** The pod network of one node, as CNI plug-ins read it: a bridge without NAT whose addresses come from the pod CIDR. Pure. */
export function cniConfig(podCIDR: string, ipamDirectory: string, hostPorts: boolean): object {
  return {
    cniVersion: "0.4.0",
    name: "flotilla",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: podCIDR }]],
          routes: [{ dst: "0.0.0.0/0" }],
          // Machines may share one file system: each keeps its addresses apart.
          dataDir: ipamDirectory,
        },
      },
      // Needs iptables, so it is there only when a pod of this node asks for a host port.
      ...(hostPorts ? [{ type: "portmap", capabilities: { portMappings: true } }] : []),
    ],
  };
}

/** Writes the configuration unless it stands there already; readers never see half of it. True when written. */
export async function writeCniConfig(directory: string, config: object): Promise<boolean> {
  const path = join(directory, FILE);
  const text = `${JSON.stringify(config, undefined, 2)}\n`;
  if ((await readFile(path, "utf8").catch(() => "")) === text) return false;
  await mkdir(directory, { recursive: true });
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
  return true;
}
