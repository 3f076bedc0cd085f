import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DNSConfig } from "@flotilla/cri/messages.ts";
import { resolvConf } from "@flotilla/cri/resolv-conf.ts";

/** What Docker can't hold for a sandbox: its network's addresses (labels never change) and resolv.conf. */
export interface NetworkState {
  ips: string[];
  /** The machine's interfaces the pod hangs on. */
  hostInterfaces?: string[];
  /** Of a host-network pod: the pause process, which is in the namespace of the machine as it was then. */
  hostNetworkPid?: number;
  /** ADD was called and DEL not yet. */
  networked: boolean;
}

export function createSandboxFiles(rootDir: string) {
  const folder = (id: string) => join(rootDir, "docker", id); // the process handler keeps its own beside it
  return {
    saveNetwork(id: string, state: NetworkState): void {
      mkdirSync(folder(id), { recursive: true });
      const file = join(folder(id), "network.json");
      writeFileSync(`${file}.new`, JSON.stringify(state));
      renameSync(`${file}.new`, file);
    },
    loadNetwork(id: string): NetworkState {
      try {
        return JSON.parse(readFileSync(join(folder(id), "network.json"), "utf8"));
      } catch {
        return { ips: [], networked: false };
      }
    },
    /** With --network none Docker writes no resolv.conf of use, so each container gets this one bound. */
    saveResolvConf(id: string, dns: DNSConfig | undefined): void {
      const text = resolvConf(dns);
      if (text === undefined) return;
      mkdirSync(folder(id), { recursive: true });
      writeFileSync(join(folder(id), "resolv.conf"), text);
    },
    resolvConfPath(id: string): string | undefined {
      const path = join(folder(id), "resolv.conf");
      return existsSync(path) ? path : undefined;
    },
    remove(id: string): void {
      rmSync(folder(id), { recursive: true, force: true });
    },
  };
}

export type SandboxFiles = ReturnType<typeof createSandboxFiles>;
