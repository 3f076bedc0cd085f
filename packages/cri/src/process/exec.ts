import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import type { Clock } from "@flotilla/base";
import type { ExecSyncResponse } from "@flotilla/rpc/gen/cri/v1/api.ts";
import type { Session, StreamOptions } from "../backend.ts";
import { criErrors } from "../errors.ts";
import { exitCode, run } from "../exec.ts";
import { checkExecutable, resolveEnv } from "./command.ts";
import type { Containers } from "./containers.ts";
import { isHostNetwork, needContainer, needSandbox, type ProcessContext } from "./context.ts";
import { quote } from "./launch-script.ts";
import { namespaceOf } from "./proc.ts";
import type { ContainerRecord } from "./state.ts";
import { tool } from "./tools.ts";
import { resolveUser } from "./users.ts";

/** As other runtimes bound it: what ExecSync returns of each stream. */
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const KILL_GROUP_MS = 500;

interface Entry {
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  cgroups: string[];
}

/** How a further command gets into a running container: into each namespace that is not the adapter's own. */
function entry(context: ProcessContext, containers: Containers, record: ContainerRecord, command: string[]): Entry {
  const main = containers.main(record);
  const sandbox = needSandbox(context, record.sandboxId);
  const { config, image } = record;
  const env = resolveEnv(image, config, isHostNetwork(sandbox) ? "" : sandbox.config.hostname);
  const workdir = config.workingDir || image.workdir || "/";
  checkExecutable(
    image.rootfs,
    command[0]!,
    env,
    workdir,
    config.mounts.map((m) => m.containerPath),
  );
  const kinds = (["mnt", "uts", "ipc", "net", "pid"] as const).filter((kind) => namespaceOf(main.pid, kind) !== namespaceOf("self", kind));
  if (kinds.length === 0) return { argv: command, env, cwd: workdir, cgroups: record.cgroups };
  const user = resolveUser(image.rootfs, image.user, config.linux?.securityContext);
  const become = user.uid === 0 && user.gid === 0 ? [] : [`--setuid=${user.uid}`, `--setgid=${user.gid}`];
  const flags = kinds.map((kind) => (kind === "mnt" ? "--mount" : `--${kind}`));
  const isolated = kinds.includes("mnt") ? ["--root", "--wd"] : [];
  return {
    argv: [tool("nsenter"), `--target=${main.pid}`, ...flags, ...isolated, ...become, "--", ...command],
    env,
    cwd: "/",
    cgroups: record.cgroups,
  };
}

/** Joins the container's cgroup, then becomes the command. */
function wrapped(e: Entry): string[] {
  const joins = e.cgroups.map((folder) => `echo $$ 2>/dev/null > ${quote(`${folder}/cgroup.procs`)} || :`);
  return ["/bin/sh", "-c", `${joins.join("\n")}\ncd ${quote(e.cwd)} && exec "$@"`, "sh", ...e.argv];
}

export async function execSync(
  context: ProcessContext,
  containers: Containers,
  id: string,
  command: string[],
  timeout_s: number,
): Promise<ExecSyncResponse> {
  const record = needContainer(context, id);
  const e = entry(context, containers, record, command);
  const argv = wrapped(e);
  const child = spawn(argv[0]!, argv.slice(1), { detached: true, env: e.env, cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
  let late = false;
  const expire = () => {
    late = true;
    killCommand(context.clock, child);
  };
  const timer = timeout_s > 0 ? context.clock.setTimeout(expire, timeout_s * 1000) : undefined;
  const stdout = bounded(child.stdout!);
  const stderr = bounded(child.stderr!);
  try {
    const code = await closed(child);
    if (late) throw criErrors.timeout(`command ${JSON.stringify(command)}`, timeout_s);
    return { stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), exitCode: code };
  } finally {
    timer?.cancel();
  }
}

function bounded(stream: NodeJS.ReadableStream): Buffer[] {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    if (size < OUTPUT_BYTES_MAX) chunks.push(chunk.subarray(0, OUTPUT_BYTES_MAX - size));
    size += chunk.length;
  });
  return chunks;
}

function closed(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(criErrors.failed("exec failed", error.message)));
    child.on("close", (code, signal) => resolve(exitCode(code, signal)));
  });
}

/**
 * Ends a command and what it started. nsenter itself goes last, by itself: it must
 * reap its child, since an orphan in a container's pid namespace would be left to
 * the machine's process 1, and the namespace lives on until that gets to it.
 */
function killCommand(clock: Clock, child: ChildProcess): void {
  if (!child.pid) return;
  const inside = descendants(child.pid).filter((pid) => namespaceOf(pid, "pid") !== namespaceOf("self", "pid"));
  if (inside.length === 0) {
    killQuietly(-child.pid);
    return;
  }
  for (const pid of inside) killQuietly(pid);
  const timer = clock.setTimeout(() => killQuietly(-child.pid!), KILL_GROUP_MS);
  child.once("exit", () => timer.cancel());
}

function descendants(pid: number): number[] {
  const children = childrenOf(pid);
  return [...children.flatMap(descendants), ...children];
}

export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ended
  }
}

export async function execSession(
  context: ProcessContext,
  containers: Containers,
  id: string,
  options: StreamOptions & { command: string[] },
): Promise<Session> {
  const record = needContainer(context, id);
  const e = entry(context, containers, record, options.command);
  const env = options.tty && !e.env["TERM"] ? { ...e.env, TERM: "xterm" } : e.env;
  const inner = wrapped({ ...e, env });
  const argv = options.tty ? [tool("script"), "-qefc", `exec ${inner.map(quote).join(" ")}`, "/dev/null"] : inner;
  const child = spawn(argv[0]!, argv.slice(1), {
    detached: true,
    env: options.tty ? { ...env, SHELL: "/bin/sh" } : env,
    cwd: "/",
    stdio: [options.stdin ? "pipe" : "ignore", options.stdout ? "pipe" : "ignore", options.stderr ? "pipe" : "ignore"],
  });
  child.stdin?.on("error", () => {}); // the command ended without reading it all
  return {
    stdin: child.stdin ?? undefined,
    stdout: child.stdout ?? undefined,
    stderr: child.stderr ?? undefined,
    resize: (columns, rows) => void resizeChildOf(context.clock, child.pid!, columns, rows),
    done: closed(child),
    abandon: () => killCommand(context.clock, child),
  };
}

const RESIZE_TRIES = 50;
const RESIZE_WAIT_MS = 20;

/** Sets the window size of the terminal script(1) made: that of its child. */
export async function resizeChildOf(clock: Clock, scriptPid: number, columns: number, rows: number): Promise<void> {
  for (let tries = 0; tries < RESIZE_TRIES; tries++) {
    const terminal = terminalBelow(scriptPid);
    if (terminal) {
      await run([tool("stty"), "-F", terminal, "rows", String(rows), "cols", String(columns)]).catch(() => {});
      return;
    }
    await new Promise<void>((resolve) => clock.setTimeout(resolve, RESIZE_WAIT_MS));
  }
}

function terminalBelow(pid: number): string | undefined {
  try {
    const child = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0];
    const target = child ? readlinkSync(`/proc/${child}/fd/0`) : "";
    return target.startsWith("/dev/pts/") ? target : undefined;
  } catch {
    return undefined;
  }
}
