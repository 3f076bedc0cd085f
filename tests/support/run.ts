import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const FLOTILLA = join(ROOT, "node_modules/.bin/flotilla");

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  stdin?: string;
  timeout_ms?: number;
  cwd?: string;
}

/** Runs a command to its end; a time-out kills it and counts as code 124. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let late = false;
    child.stdout!.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr!.setEncoding("utf8").on("data", (text) => (stderr += text));
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, options.timeout_ms ?? 60_000);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: late ? 124 : (code ?? (signal ? 137 : 1)), stdout, stderr: late ? `${stderr}\n(timed out)` : stderr });
    });
    if (options.stdin !== undefined) child.stdin!.end(options.stdin);
  });
}

/** As `run`, but a non-zero exit is an error that shows what the command printed. */
export async function ok(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const result = await run(command, args, options);
  if (result.code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${result.code}\n--- stdout\n${result.stdout}\n--- stderr\n${result.stderr}`);
  }
  return result.stdout;
}

/** Tries `attempt` until it neither throws nor returns undefined/false; the last error is thrown at the time-out. */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T | undefined | false>,
  timeout_ms = 60_000,
  pause_ms = 250,
): Promise<T> {
  const end = performance.now() + timeout_ms;
  let last: unknown = new Error("not yet");
  for (;;) {
    try {
      const value = await attempt();
      if (value !== undefined && value !== false) return value;
      last = new Error("not yet");
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${timeout_ms / 1000} s; last: ${(last as Error).message}`);
    await new Promise((resolve) => setTimeout(resolve, pause_ms));
  }
}

/** Whether a process still runs; one that is dead and only waits for its parent to look does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
