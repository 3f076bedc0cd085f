// API server processes, of ours or upstream's, on one store, with certificates of their own, for benchmarks.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClusterAuthorities, issueAdmin, issueControlPlane } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";
import { freePorts, type Kind, StoreCluster } from "../../services/etcd/src/testing/processes.ts";
import { nodeCommand } from "../../services/flotillad/src/install.ts";
import type { Identity } from "./api-client.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/**
 * BENCH_DIST: bundles of another build; BENCH_NODE_ARGS: flags such as --cpu-prof for the API servers' Node;
 * KUBE_APISERVER: upstream's program, where it is not on the PATH.
 */
const { BENCH_DIST = join(ROOT, "dist"), BENCH_NODE_ARGS = "", KUBE_APISERVER = "kube-apiserver" } = process.env;
const STOP_MS_MAX = 5_000;

/** `ours`, or the kube-apiserver that is installed. */
export type Program = "ours" | "upstream";

/** Its version; undefined where it is not installed. */
export const upstreamVersion = (): string | undefined => spawnSync(KUBE_APISERVER, ["--version"], { encoding: "utf8" }).stdout?.trim();

interface Replica {
  port: number;
  process: ChildProcess;
}

export interface BenchOptions {
  program?: Program;
  store?: Kind;
  replicas?: number;
  /** Further flags of the API servers. */
  flags?: readonly string[];
}

export class BenchApiServer {
  readonly ready_ms: number;
  readonly folder: string;
  readonly identity: Identity;
  private readonly store: StoreCluster;
  private readonly replicas: Replica[];

  private constructor(store: StoreCluster, replicas: Replica[], ready_ms: number) {
    const file = (name: string) => readFileSync(join(store.folder, name));
    this.store = store;
    this.folder = store.folder;
    this.replicas = replicas;
    this.ready_ms = ready_ms;
    this.identity = { ca: file("ca.crt"), cert: file("admin.crt"), key: file("admin.key") };
  }

  static async start(options: BenchOptions = {}): Promise<BenchApiServer> {
    const { program = "ours", store: kind = "bundle", replicas: count = 1, flags = [] } = options;
    const store = await StoreCluster.start(kind, 1);
    writeCertificates(store.folder);
    const started = performance.now();
    const replicas = await Promise.all(Array.from({ length: count }, (_, i) => startReplica(store, i, program, flags)));
    await Promise.all(replicas.map(({ port }) => untilReady(port, 20_000)));
    return new BenchApiServer(store, replicas, performance.now() - started);
  }

  get ports(): number[] {
    return this.replicas.map(({ port }) => port);
  }

  get pids(): number[] {
    return this.replicas.map(({ process }) => process.pid!);
  }

  get storePids(): number[] {
    return this.store.members.flatMap(({ process }) => process?.pid ?? []);
  }

  /** In order, so that a profile asked for is written. */
  async stop(): Promise<void> {
    await Promise.all(
      this.replicas.map(({ process: child }) => {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        const limit = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
        child.kill("SIGTERM");
        return ended.finally(() => clearTimeout(limit));
      }),
    );
    await this.store.destroy();
  }
}

async function startReplica(store: StoreCluster, index: number, program: Program, more: readonly string[]): Promise<Replica> {
  const [port, grpcPort] = (await freePorts(2)) as [number, number];
  const file = (name: string) => join(store.folder, name);
  const log = openSync(file(`apiserver-${index}.log`), "a");
  const [command, ...args] = program === "ours" ? [...ownCommand(), `--grpc-port=${grpcPort}`] : [KUBE_APISERVER, ...UPSTREAM_FLAGS];
  const flags = [
    `--etcd-servers=${store.members.map((member) => member.clientUrl).join(",")}`,
    "--bind-address=127.0.0.1",
    `--advertise-address=127.0.0.${index + 1}`,
    `--secure-port=${port}`,
    `--client-ca-file=${file("ca.crt")}`,
    `--tls-cert-file=${file("apiserver.crt")}`,
    `--tls-private-key-file=${file("apiserver.key")}`,
    `--service-account-key-file=${file("sa.pub")}`,
    `--service-account-signing-key-file=${file("sa.key")}`,
    "--authorization-mode=Node,RBAC",
  ];
  const child = spawn(command!, [...args, ...flags, ...more], { stdio: ["ignore", log, log], cwd: store.folder });
  return { port, process: child };
}

/** What upstream's asks for where ours has a default. */
const UPSTREAM_FLAGS = [
  "--service-account-issuer=https://kubernetes.default.svc",
  "--service-cluster-ip-range=10.96.0.0/12",
  "--endpoint-reconciler-type=none",
];

function ownCommand(): string[] {
  const bundle = join(BENCH_DIST, "apiserver.mjs");
  const nodeArgs = BENCH_NODE_ARGS.split(" ").filter((arg) => arg !== "");
  return [process.execPath, ...nodeFlags(), ...nodeArgs, existsSync(bundle) ? bundle : join(ROOT, "services/apiserver/src/main.ts")];
}

/** The flags with which a cluster starts its API servers. */
function nodeFlags(): string[] {
  return nodeCommand({ node: process.execPath, dist: BENCH_DIST, path: "" }, "kube-apiserver").filter((arg) => arg.startsWith("--"));
}

function writeCertificates(folder: string): void {
  const env = { now_ms: Date.now(), random: systemRandom };
  const authorities = createClusterAuthorities(env);
  const { apiserver } = issueControlPlane(authorities, { node: "cp1", address: "127.0.0.1", extra: ["localhost"] }, env);
  const admin = issueAdmin(authorities, env);
  const files = {
    "ca.crt": authorities.ca.cert,
    "apiserver.crt": apiserver.cert,
    "apiserver.key": apiserver.key,
    "admin.crt": admin.cert,
    "admin.key": admin.key,
    "sa.pub": authorities.serviceAccount.publicPem,
    "sa.key": authorities.serviceAccount.privatePem,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

async function untilReady(port: number, limit_ms: number): Promise<void> {
  const agent = new Agent({ rejectUnauthorized: false });
  for (const end = performance.now() + limit_ms; ; ) {
    const code = await new Promise<number>((resolve) => {
      const probe = request({ host: "127.0.0.1", port, path: "/readyz", agent }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      probe.on("error", () => resolve(0));
      probe.end();
    });
    if (code === 200) return agent.destroy();
    if (performance.now() > end) throw new Error(`API server not ready within ${limit_ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
