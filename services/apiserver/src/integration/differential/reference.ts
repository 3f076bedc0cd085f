import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { openSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Harness } from "../harness.ts";

/** Upstream's program, where KUBE_APISERVER names it or it is on the PATH. */
export function upstreamServer(): string | undefined {
  const named = process.env["KUBE_APISERVER"];
  if (named) return named;
  return spawnSync("kube-apiserver", ["--version"]).status === 0 ? "kube-apiserver" : undefined;
}

/** Upstream's kube-apiserver on a real etcd of its own. */
export class Reference {
  /** For its etcd and its certificates. */
  private readonly harness = new Harness({ store: "etcd" });
  private child: ChildProcess | undefined;
  port = 0;

  get folder(): string {
    return this.harness.folder;
  }

  async start(program: string): Promise<void> {
    await this.harness.start(0);
    this.port = await freePort();
    const file = (name: string) => join(this.folder, name);
    const log = openSync(file("kube-apiserver.log"), "a");
    const flags = [
      `--etcd-servers=${this.harness.storeUrl}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none",
      `--secure-port=${this.port}`,
      `--client-ca-file=${file("ca.crt")}`,
      `--tls-cert-file=${file("apiserver.crt")}`,
      `--tls-private-key-file=${file("apiserver.key")}`,
      `--service-account-key-file=${file("sa.pub")}`,
      `--service-account-signing-key-file=${file("sa.key")}`,
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      "--service-cluster-ip-range=10.96.0.0/12",
      "--authorization-mode=Node,RBAC",
    ];
    this.child = spawn(program, flags, { stdio: ["ignore", log, log], cwd: this.folder });
  }

  stop(): void {
    this.child?.kill("SIGKILL");
    this.harness.stop();
  }
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    }),
  );
}
