import { spawn } from "node:child_process";

/** A command that failed, with all it said: nobody should have to run it again to see why. */
export class CommandError extends Error {
  override name = "CommandError";
}

export interface CommandOptions {
  stdin?: string;
  env?: Record<string, string>;
}

/** Runs a short command to its end; resolves with its standard output. @throws CommandError */
export function run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [command, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(command!, args, { stdio: ["pipe", "pipe", "pipe"], env: options.env });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.on("error", (error) => reject(new CommandError(`${command}: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(stdout);
      reject(new CommandError(`${argv.join(" ")} ended with ${code ?? signal}: ${(stderr || stdout).trim()}`));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
  });
}
