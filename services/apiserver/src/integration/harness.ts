import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClusterAuthorities, issue, issueAdmin, issueControlPlane, issueFrontProxy, type KeyPair } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";

/** Real processes for the integration tests: one store member, API servers on it, the real kubectl. */
const STORE = fileURLToPath(new URL("../../../etcd/src/main.ts", import.meta.url));
const API_SERVER = fileURLToPath(new URL("../main.ts", import.meta.url));
const CONTROLLER_MANAGER = fileURLToPath(new URL("../../../controller-manager/src/main.ts", import.meta.url));
const KUBECTL_FOLDERS = ["/usr/lib/google-cloud-sdk/bin", "/usr/local/bin", "/usr/bin"];

/** OpenAPI v2 of everything is the longest that kubectl prints. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface HarnessOptions {
  /** "etcd": a real one instead of our store. */
  store?: "ours" | "etcd";
  /** Further flags of every API server; may name files of `folder`. */
  flags?: (folder: string) => string[];
}

export class Harness {
  readonly folder = mkdtempSync(join(tmpdir(), "flotilla-apiserver-"));
  private readonly children: ChildProcess[] = [];
  private readonly replicas = new Map<number, ChildProcess>();
  private ports: number[] = [];
  /** Who issues the cluster's certificates: a test may want more of them. */
  authorities!: ReturnType<typeof createClusterAuthorities>;
  private readonly options: HarnessOptions;

  constructor(options: HarnessOptions = {}) {
    this.options = options;
  }

  /** kubectl binaries here, oldest first: `kubectl` itself, or kubectl.1.27 and the like. */
  static kubectls(): string[] {
    const versions = KUBECTL_FOLDERS.filter(existsSync).flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => /^kubectl\.1\.\d+$/.test(name))
        .map((name) => join(folder, name)),
    );
    const plain = KUBECTL_FOLDERS.map((folder) => join(folder, "kubectl")).filter(existsSync);
    return versions.length > 0 ? versions.sort() : plain.slice(0, 1);
  }

  async start(replicas: number): Promise<void> {
    // Also when the test run itself breaks down, nothing stays behind.
    process.once("exit", () => this.stop());
    this.ports = await freePorts(2 + replicas);
    this.writeCredentials();
    const store = `http://127.0.0.1:${this.ports[0]}`;
    const peer = `http://127.0.0.1:${this.ports[1]}`;
    const command = this.options.store === "etcd" ? "etcd" : process.execPath;
    this.spawn("store", command, [
      ...(this.options.store === "etcd" ? [] : [STORE]),
      "--name=m",
      `--data-dir=${join(this.folder, "data")}`,
      `--listen-client-urls=${store}`,
      `--advertise-client-urls=${store}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=m=${peer}`,
    ]);
    for (let replica = 0; replica < replicas; replica++) this.startReplica(replica);
    for (let replica = 0; replica < replicas; replica++) await this.ready(replica);
  }

  startReplica(replica: number): ChildProcess {
    const file = (name: string) => join(this.folder, name);
    const child = this.spawn(`apiserver-${replica}`, process.execPath, [
      API_SERVER,
      `--etcd-servers=http://127.0.0.1:${this.ports[0]}`,
      "--bind-address=127.0.0.1",
      `--advertise-address=127.0.0.${replica + 1}`,
      `--secure-port=${this.ports[2 + replica]}`,
      "--grpc-port=0",
      `--client-ca-file=${file("ca.crt")}`,
      `--tls-cert-file=${file("apiserver.crt")}`,
      `--tls-private-key-file=${file("apiserver.key")}`,
      `--service-account-key-file=${file("sa.pub")}`,
      `--service-account-signing-key-file=${file("sa.key")}`,
      "--authorization-mode=Node,RBAC",
      ...(this.options.flags?.(this.folder) ?? []),
    ]);
    this.replicas.set(replica, child);
    return child;
  }

  /** With its own user's certificate, talking to the first replica. */
  startControllerManager(): ChildProcess {
    const env = { now_ms: Date.now(), random: systemRandom };
    const user = issue(this.authorities.ca, { subject: { commonName: "system:kube-controller-manager" }, usages: ["client"] }, env);
    const file = join(this.folder, "controller-manager.conf");
    const config = kubeconfig(this.authorities.ca.cert, [this.port(0)], { manager: user });
    writeFileSync(file, JSON.stringify({ ...config, "current-context": "manager-0" }));
    return this.spawn("controller-manager", process.execPath, [
      CONTROLLER_MANAGER,
      `--kubeconfig=${file}`,
      "--secure-port=0",
      "--leader-elect=false",
    ]);
  }

  /** Kills the replica and waits until another process serves in its place. */
  async restart(replica: number, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.kill(replica, signal);
    this.startReplica(replica);
    await this.ready(replica);
  }

  async kill(replica: number, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.replicas.get(replica)!;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  pid(replica: number): number {
    return this.replicas.get(replica)!.pid!;
  }

  kubectl(binary: string, args: string[], options: { replica?: number; user?: string; stdin?: string } = {}): Promise<Ran> {
    const { replica = 0, user = "admin", stdin } = options;
    const cluster = ["--kubeconfig", join(this.folder, "kubeconfig"), "--context", `${user}-${replica}`];
    return new Promise((resolve) => {
      const env = { PATH: "/usr/bin:/bin", HOME: join(this.folder, `home-${replica}`) };
      const child = execFile(
        binary,
        [...cluster, ...args],
        { env, timeout: 30_000, maxBuffer: OUTPUT_BYTES_MAX },
        (error, stdout, stderr) => {
          resolve({ code: error ? Number(error.code ?? 124) : 0, stdout, stderr });
        },
      );
      if (stdin !== undefined) child.stdin!.end(stdin);
    });
  }

  stop(): void {
    for (const child of this.children) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  get storeUrl(): string {
    return `http://127.0.0.1:${this.ports[0]}`;
  }

  port(replica: number): number {
    return this.ports[2 + replica]!;
  }

  private spawn(name: string, command: string, args: string[]): ChildProcess {
    const log = openSync(join(this.folder, `${name}.log`), "a");
    const child = spawn(command, args, { stdio: ["ignore", log, log] });
    this.children.push(child);
    return child;
  }

  async ready(replica: number): Promise<void> {
    for (let attempt = 0; attempt < 300; attempt++) {
      const { stdout } = await this.kubectl(Harness.kubectls()[0]!, ["get", "--raw", "/readyz"], { replica });
      if (stdout === "ok") return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`replica ${replica} is not ready`);
  }

  private writeCredentials(): void {
    const write = (name: string, text: string) => writeFileSync(join(this.folder, name), text);
    const env = { now_ms: Date.now(), random: systemRandom };
    const authorities = createClusterAuthorities(env);
    this.authorities = authorities;
    const { apiserver } = issueControlPlane(authorities, { node: "cp", address: "127.0.0.1", extra: ["localhost"] }, env);
    const frontProxyClient = issueFrontProxy(authorities, env);
    write("ca.crt", authorities.ca.cert);
    write("apiserver.crt", apiserver.cert);
    write("apiserver.key", apiserver.key);
    write("front-proxy-ca.crt", authorities.frontProxyCa.cert);
    write("front-proxy-client.crt", frontProxyClient.cert);
    write("front-proxy-client.key", frontProxyClient.key);
    write("sa.pub", authorities.serviceAccount.publicPem);
    write("sa.key", authorities.serviceAccount.privatePem);
    const admin = issueAdmin(authorities, env);
    const jane = issue(authorities.ca, { subject: { commonName: "jane", organizations: ["dev"] }, usages: ["client"] }, env);
    for (const [user, pair] of Object.entries({ admin, jane })) {
      write(`${user}.crt`, pair.cert);
      write(`${user}.key`, pair.key);
    }
    write("ca.key", authorities.ca.key);
    write("kubeconfig", JSON.stringify(kubeconfig(authorities.ca.cert, this.ports.slice(2), { admin, jane })));
  }
}

function kubeconfig(ca: string, ports: number[], users: Record<string, KeyPair>): object {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: ports.map((port, i) => ({
      name: `c${i}`,
      cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": base64(ca) },
    })),
    users: Object.entries(users).map(([name, pair]) => ({
      name,
      user: { "client-certificate-data": base64(pair.cert), "client-key-data": base64(pair.key) },
    })),
    contexts: ports.flatMap((_, i) => Object.keys(users).map((user) => ({ name: `${user}-${i}`, context: { cluster: `c${i}`, user } }))),
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
