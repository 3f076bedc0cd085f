import { spawn } from "node:child_process";
import { TOOL_ENV } from "./process/tools.ts";

export interface Output {
  code: number; // 128 + signal when killed by one, as a shell counts
  stdout: Buffer;
  stderr: Buffer;
}

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
  output_bytes_max?: number;
  timeout_ms?: number;
}

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
export const SIGNAL_NUMBERS: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

export function exitCode(code: number | null, signal: string | null): number {
  return code ?? 128 + (SIGNAL_NUMBERS[signal ?? ""] ?? 0);
}

/** Runs a program to its end. @throws when it can't be started; a failing program is a result. */
export function run(argv: string[], options: RunOptions = {}): Promise<Output> {
  const limit = options.output_bytes_max ?? OUTPUT_BYTES_MAX;
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      env: options.env ?? TOOL_ENV,
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      timeout: options.timeout_ms,
      killSignal: "SIGKILL",
    });
    const collect = (stream: NodeJS.ReadableStream) => {
      const chunks: Buffer[] = [];
      let size = 0;
      stream.on("data", (chunk: Buffer) => {
        const rest = limit - size;
        if (rest > 0) chunks.push(chunk.subarray(0, rest));
        size += chunk.length;
      });
      return chunks;
    };
    const stdout = collect(child.stdout!);
    const stderr = collect(child.stderr!);
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve({ code: exitCode(code, signal), stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }),
    );
    child.stdin?.on("error", () => {}); // the program ended without reading it
    child.stdin?.end(options.input);
  });
}
