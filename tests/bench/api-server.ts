// One API server process of ours on one store member, with certificates of its own, for benchmarks.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, openSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClusterAuthorities, issueAdmin, issueControlPlane } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";
import { freePorts, type Kind, StoreCluster } from "../../services/etcd/src/testing/processes.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export class BenchApiServer {
  readonly port: number;
  readonly grpcPort: number;
  readonly ready_ms: number;
  readonly process: ChildProcess;
  readonly folder: string;
  private readonly store: StoreCluster;

  private constructor(store: StoreCluster, process: ChildProcess, ports: readonly number[], ready_ms: number) {
    this.store = store;
    this.process = process;
    this.folder = store.folder;
    [this.port, this.grpcPort] = ports as [number, number];
    this.ready_ms = ready_ms;
  }

  static async start(kind: Kind, size = 1): Promise<BenchApiServer> {
    const store = await StoreCluster.start(kind, size);
    const ports = await freePorts(2);
    const file = writeCertificates(store.folder);
    const bundle = join(ROOT, "dist/apiserver.mjs");
    const started = performance.now();
    const log = openSync(file("apiserver.log"), "a");
    const child = spawn(
      process.execPath,
      [
        existsSync(bundle) ? bundle : join(ROOT, "services/apiserver/src/main.ts"),
        `--etcd-servers=${store.members.map((member) => member.clientUrl).join(",")}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${ports[0]}`,
        `--grpc-port=${ports[1]}`,
        `--client-ca-file=${file("ca.crt")}`,
        `--tls-cert-file=${file("apiserver.crt")}`,
        `--tls-private-key-file=${file("apiserver.key")}`,
        `--service-account-key-file=${file("sa.pub")}`,
        `--service-account-signing-key-file=${file("sa.key")}`,
        "--authorization-mode=Node,RBAC",
        "--max-requests-inflight=0",
        "--max-mutating-requests-inflight=0",
      ],
      { stdio: ["ignore", log, log] },
    );
    await untilReady(ports[0]!, 20_000);
    return new BenchApiServer(store, child, ports, performance.now() - started);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
    await this.store.destroy();
  }
}

function writeCertificates(folder: string): (name: string) => string {
  const file = (name: string) => join(folder, name);
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
  for (const [name, text] of Object.entries(files)) writeFileSync(file(name), text);
  return file;
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
    if (code === 200) return;
    if (performance.now() > end) throw new Error(`API server not ready within ${limit_ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
