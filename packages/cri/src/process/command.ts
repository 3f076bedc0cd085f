import { statSync } from "node:fs";
import { join } from "node:path";
import type { ContainerConfig } from "@flotilla/rpc/gen/cri/v1/api.ts";
import { criErrors } from "../errors.ts";
import type { ProcessImage } from "../images.ts";
import { resolveIn } from "./mounts.ts";
import { isExecutable } from "./tools.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Kubernetes' rule: `command` replaces entrypoint and cmd, `args` alone replaces cmd. */
export function resolveArgv(image: ProcessImage, config: ContainerConfig): string[] {
  const argv =
    config.command.length > 0
      ? [...config.command, ...config.args]
      : [...image.entrypoint, ...(config.args.length > 0 ? config.args : image.cmd)];
  if (argv.length === 0) throw criErrors.invalid(`no command specified: image "${image.name}" has no entrypoint`);
  return argv;
}

/** The image's variables, then the container's; HOME and PATH have Docker's defaults. */
export function resolveEnv(image: ProcessImage, config: ContainerConfig, hostname: string): Record<string, string> {
  const env: Record<string, string> = { PATH: DEFAULT_PATH, HOME: "/root" };
  if (hostname) env["HOSTNAME"] = hostname;
  for (const pair of image.env) {
    const at = pair.indexOf("=");
    if (at > 0) env[pair.slice(0, at)] = pair.slice(at + 1);
  }
  for (const { key, value } of config.envs) env[key] = value;
  if (config.tty && !env["TERM"]) env["TERM"] = "xterm";
  return env;
}

/** Fails as runc does when the program is not there, before anything is started. */
export function checkExecutable(rootfs: string, program: string, env: Record<string, string>, workdir: string, mounted: string[]): void {
  const candidates = program.includes("/")
    ? [program.startsWith("/") ? program : join(workdir, program)]
    : (env["PATH"] ?? DEFAULT_PATH).split(":").map((folder) => join(folder || workdir, program));
  for (const path of candidates) {
    if (mounted.some((m) => path === m || path.startsWith(`${m}/`))) return; // comes from a volume
    const full = join(rootfs, resolveIn(rootfs, path));
    if (isExecutable(full) && statSync(full).isFile()) return;
  }
  const why = program.includes("/") ? "no such file or directory" : "executable file not found in $PATH";
  throw criErrors.failed("failed to create task for container", `exec: "${program}": ${why}`);
}
