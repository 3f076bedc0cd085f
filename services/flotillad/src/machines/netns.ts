import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Logger } from "@flotilla/base";
import { isAlive, namespaceOf } from "@flotilla/cri/process/proc.ts";
import { run } from "../command.ts";
import { mountPoints } from "../mount-points.ts";
import { readRecord, writeRecord } from "../processes/record.ts";
import { GATEWAY, MACHINE_PREFIX_LENGTH, type MachineSpec, SERVICE_CIDR } from "../spec.ts";
import type { Driver } from "./driver.ts";

/** For sh, and for the batch files of ip, which take the same quotes. */
const quote = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`;

/**
 * Machines as network namespaces, all inside one outer namespace per cluster.
 *
 * Owns: `<run>/ns/outer.net` and `<run>/ns/<machine>.{net,uts}`, files that pin
 * namespaces by a bind mount; and, without root, the process that holds the user
 * and mount namespaces in which those mounts exist.
 * Invariants: 1. nothing is made outside of the outer namespace. 2. Namespaces
 * live without any process in them, so flotillad and all components may die.
 */
export class NetnsDriver implements Driver {
  readonly name = "netns";
  private readonly folder: string;
  private readonly isRoot: boolean;
  private readonly log: Logger;
  private readonly clock: Clock;

  constructor(folder: string, isRoot: boolean, ports: { log: Logger; clock: Clock }) {
    this.folder = folder;
    this.isRoot = isRoot;
    this.log = ports.log;
    this.clock = ports.clock;
  }

  async ensure(machines: readonly MachineSpec[]): Promise<string[]> {
    mkdirSync(this.folder, { recursive: true });
    if (!this.isRoot) await this.ensureHolder();
    const pinned = await this.pinned();
    const missing = machines.filter((machine) => !pinned.has(this.file(machine.name, "net")));
    const script = [...(pinned.has(this.file("outer", "net")) ? [] : this.outerScript()), ...missing.flatMap((m) => this.machineScript(m))];
    if (script.length > 0) await run([...this.privileged(), "sh", "-eu"], { stdin: script.join("\n") });
    return missing.map((machine) => machine.name);
  }

  enter(machine: MachineSpec | undefined): string[] {
    if (!machine) return [...this.privileged(), "nsenter", `--net=${this.file("outer", "net")}`];
    return [...this.privileged(), "nsenter", `--net=${this.file(machine.name, "net")}`, `--uts=${this.file(machine.name, "uts")}`];
  }

  network(machine: MachineSpec): string | undefined {
    if (!this.isRoot) return undefined;
    try {
      return `net:[${statSync(this.file(machine.name, "net")).ino}]`;
    } catch {
      return undefined;
    }
  }

  async destroy(): Promise<void> {
    if (!existsSync(this.folder)) return;
    const holder = readRecord(this.holderFile);
    if (!this.isRoot) {
      if (holder && isAlive(holder)) process.kill(holder.pid, "SIGKILL");
    } else {
      // The outer bridge and all veth pairs go with the last reference to their namespaces.
      for (const file of await this.pinned()) await run(["umount", file]).catch((error) => this.log.warn("could not unmount", { error }));
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private file(name: string, kind: "net" | "uts"): string {
    return join(this.folder, `${name}.${kind}`);
  }

  private outerScript(): string[] {
    const outer = quote(this.file("outer", "net"));
    const inside = `nsenter --net=${outer}`;
    return [
      `touch ${outer}`,
      `unshare --net=${outer} true`,
      `${inside} ip -batch - <<'END'`,
      "link set lo up",
      "link add machines type bridge stp_state 0 forward_delay 0",
      `address add ${GATEWAY}/${MACHINE_PREFIX_LENGTH} dev machines`,
      "link set machines up",
      "END",
    ];
  }

  private machineScript(machine: MachineSpec): string[] {
    const net = quote(this.file(machine.name, "net"));
    const uts = quote(this.file(machine.name, "uts"));
    const veth = `m-${machine.name}`;
    return [
      `touch ${net} ${uts}`,
      `unshare --net=${net} --uts=${uts} hostname ${machine.name}`,
      `nsenter --net=${quote(this.file("outer", "net"))} ip -batch - <<'END'`,
      `link add ${veth} type veth peer name eth0 netns ${net}`,
      `link set ${veth} master machines up`,
      // For flotillad's own look at cluster DNS: any machine with kube-proxy answers for service addresses.
      ...(machine.name === "cp1" ? [`route replace ${SERVICE_CIDR} via ${machine.address} onlink dev machines`] : []),
      "END",
      `nsenter --net=${net} sh -eu <<'OUT'`,
      "ip -batch - <<'END'",
      "link set lo up",
      `address add ${machine.address}/${MACHINE_PREFIX_LENGTH} dev eth0`,
      "link set eth0 up",
      `route add default via ${GATEWAY}`,
      "END",
      "echo 1 > /proc/sys/net/ipv4/ip_forward",
      "OUT",
    ];
  }

  /** Namespace files that are mounted, as the kernel sees it (they outlive us, a reboot ends them). */
  private async pinned(): Promise<Set<string>> {
    const names = existsSync(this.folder) ? readdirSync(this.folder).filter((name) => /\.(net|uts)$/.test(name)) : [];
    if (names.length === 0) return new Set();
    const table = await run([...this.privileged(), "cat", "/proc/self/mountinfo"]);
    const mounted = new Set(mountPoints(table));
    return new Set(names.map((name) => join(this.folder, name)).filter((file) => mounted.has(file)));
  }

  private get holderFile(): string {
    return join(this.folder, "holder.json");
  }

  /** Nothing for root; else a way into the user namespace where we are root. */
  private privileged(): string[] {
    if (this.isRoot) return [];
    const holder = readRecord(this.holderFile);
    if (!holder || !isAlive(holder)) throw new Error("the cluster's user namespace is gone; run `flotilla start`");
    return ["nsenter", `--target=${holder.pid}`, "--user", "--preserve-credentials", "--mount", "--net"];
  }

  private async ensureHolder(): Promise<void> {
    const before = readRecord(this.holderFile);
    if (before && isAlive(before)) return;
    const log = openSync(join(this.folder, "holder.log"), "a");
    const child = spawn("unshare", ["--user", "--map-root-user", "--net", "--mount", "sleep", "infinity"], {
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    // It is ready when its user namespace is no longer ours.
    const end_ms = this.clock.monotonic() + 5000;
    while (namespaceOf(child.pid!, "mnt") === namespaceOf("self", "mnt")) {
      if (child.exitCode !== null || this.clock.monotonic() > end_ms) {
        throw new Error(
          "could not make a user namespace (unshare --user --map-root-user): run as root, or allow unprivileged user namespaces",
        );
      }
      await new Promise<void>((resolve) => this.clock.setTimeout(resolve, 10));
    }
    writeRecord(this.holderFile, child.pid!, 0);
  }
}
