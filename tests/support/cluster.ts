import { spawn } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FLOTILLA, ok, type Result, type RunOptions, run } from "./run.ts";

/** A cluster of a test's own: state folder, name and kubeconfig touch nothing of the user's. */
export class TestCluster {
  readonly name: string;
  readonly uid: number | undefined;
  readonly home = mkdtempSync(join(tmpdir(), "flotilla-e2e-"));
  readonly kubeconfig = join(this.home, "kubeconfig");

  /** `uid`: everything runs as this user instead of root. */
  constructor(name: string, uid?: number) {
    this.name = name;
    this.uid = uid;
    if (uid !== undefined) chownSync(this.home, uid, uid);
  }

  private command(program: string, args: string[]): [string, string[]] {
    if (this.uid === undefined) return [program, args];
    return ["setpriv", [`--reuid=${this.uid}`, `--regid=${this.uid}`, "--clear-groups", program, ...args]];
  }

  /** What makes flotilla and kubectl speak of this cluster. */
  get environment(): Record<string, string> {
    return { FLOTILLA_HOME: join(this.home, "state"), KUBECONFIG: this.kubeconfig, HOME: this.home };
  }

  flotilla(args: string[], options: RunOptions = {}): Promise<string> {
    return ok(...this.command(FLOTILLA, [...args, "--name", this.name]), {
      timeout_ms: 180_000,
      ...options,
      env: { ...this.environment, ...options.env },
    });
  }

  tryFlotilla(args: string[], options: RunOptions = {}): Promise<Result> {
    return run(...this.command(FLOTILLA, [...args, "--name", this.name]), { ...options, env: { ...this.environment, ...options.env } });
  }

  kubectl(...args: string[]): Promise<string> {
    return ok("kubectl", args, { env: this.environment });
  }

  tryKubectl(args: string[], options: RunOptions = {}): Promise<Result> {
    return run("kubectl", args, { ...options, env: { ...this.environment, ...options.env } });
  }

  async json<T = any>(...args: string[]): Promise<T> {
    return JSON.parse(await this.kubectl(...args, "-o", "json")) as T;
  }

  apply(manifest: string): Promise<string> {
    return ok("kubectl", ["apply", "-f", "-"], { env: this.environment, stdin: manifest });
  }

  /** Runs `use` while `kubectl port-forward` is up on a free local port. */
  async portForward<T>(target: string, port: number, use: (local: number) => Promise<T>): Promise<T> {
    const child = spawn("kubectl", ["port-forward", target, `:${port}`], {
      env: { ...process.env, ...this.environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    try {
      const local = await new Promise<number>((resolve, reject) => {
        let text = "";
        child.stdout.on("data", (chunk) => {
          const match = /127\.0\.0\.1:(\d+)/.exec((text += chunk));
          if (match) resolve(Number(match[1]));
        });
        child.stderr.on("data", (chunk) => (text += chunk));
        child.on("exit", (code) => reject(new Error(`kubectl port-forward ended with ${code}: ${text}`)));
      });
      return await use(local);
    } finally {
      child.kill();
    }
  }

  async status(): Promise<Status> {
    return JSON.parse(await this.flotilla(["status", "-o", "json"])) as Status;
  }

  /** Always runs to its end, so that a failed test leaves nothing behind either. */
  async destroy(): Promise<void> {
    await this.tryFlotilla(["down"], { timeout_ms: 120_000 });
    rmSync(this.home, { recursive: true, force: true });
  }
}

export interface Status {
  machines: { name: string; state: string; [key: string]: unknown }[];
  components: { name: string; machine: string; pid: number; state: string; restarts: number; leader: boolean }[];
}
