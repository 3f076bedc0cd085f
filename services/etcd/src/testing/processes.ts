/** Members of our store, or of real etcd, as processes on loopback: for tests and measurements. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../..");

/** `bundle`: ours as it runs in a cluster; `source`: ours as it stands here. */
export type Kind = "bundle" | "source" | "etcd";

export const hasRealEtcd = () => spawnSync("etcd", ["--version"]).status === 0;

export interface Member {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  process: ChildProcess | undefined;
}

export class StoreCluster {
  readonly members: Member[];
  readonly folder: string;
  private readonly kind: Kind;
  private readonly flags: readonly string[];

  private constructor(kind: Kind, members: Member[], flags: readonly string[]) {
    this.kind = kind;
    this.members = members;
    this.flags = flags;
    this.folder = mkdtempSync(join(tmpdir(), `store-${kind}-`));
  }

  static async start(kind: Kind, size = 3, flags: readonly string[] = [], scheme = "http"): Promise<StoreCluster> {
    const ports = await freePorts(size * 2);
    const members = Array.from({ length: size }, (_, i) => ({
      name: `m${i}`,
      clientUrl: `${scheme}://127.0.0.1:${ports[i * 2]}`,
      peerUrl: `${scheme}://127.0.0.1:${ports[i * 2 + 1]}`,
      process: undefined,
    }));
    const cluster = new StoreCluster(kind, members, flags);
    for (const m of members) cluster.run(m);
    return cluster;
  }

  /** A place for one more member; add it to the cluster, then `run` it. */
  async newMember(): Promise<Member> {
    const [client, peer] = await freePorts(2);
    const clientUrl = `http://127.0.0.1:${client}`;
    const m: Member = { name: `m${this.members.length}`, clientUrl, peerUrl: `http://127.0.0.1:${peer}`, process: undefined };
    this.members.push(m);
    return m;
  }

  run(m: Member, more: readonly string[] = []): void {
    const log = openSync(join(this.folder, `${m.name}.log`), "a");
    const [command, ...first] = this.kind === "etcd" ? ["etcd"] : ownCommand(this.kind === "bundle");
    const args = [
      ...first,
      "--name",
      m.name,
      "--data-dir",
      join(this.folder, m.name),
      "--listen-client-urls",
      m.clientUrl,
      "--advertise-client-urls",
      m.clientUrl,
      "--listen-peer-urls",
      m.peerUrl,
      "--initial-advertise-peer-urls",
      m.peerUrl,
      "--initial-cluster",
      this.members.map((o) => `${o.name}=${o.peerUrl}`).join(","),
      ...this.flags,
      ...more,
    ];
    m.process = spawn(command!, args, { stdio: ["ignore", log, log], env: { ...process.env, ...ENVIRONMENT } });
  }

  async kill(m: Member, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const { process } = m;
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    const ended = new Promise((resolve) => process.once("exit", resolve));
    process.kill(signal);
    await ended;
  }

  async destroy(): Promise<void> {
    await Promise.all(this.members.map((m) => this.kill(m)));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** As a cluster sets it for its stores. */
const ENVIRONMENT = { UV_THREADPOOL_SIZE: "2", MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "262144", MALLOC_ARENA_MAX: "2" };

/** The sources, or the bundle where it is asked for and was built: then with the flags that a cluster gives its components. */
function ownCommand(bundled: boolean): string[] {
  const bundle = join(root, "dist/etcd.mjs");
  if (!bundled || !existsSync(bundle)) return [process.execPath, join(root, "services/etcd/src/main.ts")];
  return [process.execPath, "--max-semi-space-size=4", "--v8-pool-size=1", bundle];
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((s) => (s.address() as { port: number }).port).sort((a, b) => a - b);
  await Promise.all(servers.map((s) => new Promise((resolve) => s.close(resolve))));
  return ports;
}
