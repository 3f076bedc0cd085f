import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { sleep } from "@flotilla/base";
import { type Mount, NamespaceMode } from "@flotilla/rpc/gen/cri/v1/api.ts";
import { criErrors } from "../errors.ts";
import { capabilitySet } from "./capabilities.ts";
import { checkExecutable, resolveArgv, resolveEnv } from "./command.ts";
import { isHostNetwork, needContainer, needSandbox, type ProcessContext } from "./context.ts";
import { makeDeviceFolder } from "./devices.ts";
import { type LaunchPlan, launchScripts } from "./launch-script.ts";
import { isIdentity, planRoot } from "./mounts.ts";
import { commandLine, inUserNamespace, type ProcessId, parseStat, readStat } from "./proc.ts";
import type { ContainerRecord, SandboxState } from "./state.ts";
import { openStdin } from "./stdin.ts";
import { tool } from "./tools.ts";
import { resolveUser } from "./users.ts";

const UPPER_BYTES_MAX = 512 * 1024 * 1024;
const START_LIMIT_MS = 30_000;
const REPORT_BYTES_MAX = 16 * 1024;

export interface Started {
  wrapper: ProcessId;
  main: ProcessId;
}

/** Starts a container's processes and waits until its command is about to run. `onExit`: the wrapper has ended. */
export async function startProcesses(context: ProcessContext, record: ContainerRecord, onExit: () => void): Promise<Started> {
  const sandbox = needSandbox(context, record.sandboxId);
  for (const folder of ["root", "layer/upper", "layer/work"]) {
    mkdirSync(context.containerFolder.path(record.id, folder), { recursive: true });
  }
  const { argv, env, plan } = planContainer(context, record, sandbox);
  const dir = plan.dir;
  if (plan.root) {
    makeDeviceFolder(`${dir}/dev`);
    writeFileSync(`${dir}/fstab`, plan.root.fstab);
  }
  const scripts = launchScripts(plan, argv);
  for (const name of ["run", "wait", "terminal"] as const)
    if (name !== "terminal" || plan.tty) writeFileSync(`${dir}/${name}`, scripts[name]);
  const stdin = record.config.stdin ? await openStdin(record.id, dir) : undefined;
  const stdout = openSync(`${dir}/stdout`, "a", 0o640);
  const stderr = openSync(`${dir}/stderr`, "a", 0o640);
  try {
    const child = spawn(scripts.prefix[0]!, [...scripts.prefix.slice(1), `${dir}/run`, ...argv], {
      detached: true, // its own session: the container outlives the adapter
      env,
      cwd: "/",
      stdio: [stdin ?? "ignore", stdout, stderr, "pipe"],
    });
    child.unref();
    child.on("exit", onExit);
    const main = await mainReport(context, child.stdio[3] as Readable, child);
    await commandRuns(context, main, dir);
    const wrapper = readStat(child.pid!);
    return { main, wrapper: { pid: child.pid!, start_ticks: wrapper?.start_ticks ?? "" } };
  } finally {
    for (const fd of [stdin, stdout, stderr]) if (fd !== undefined) closeSync(fd);
  }
}

/** The pod's name servers, unless the container brings a resolv.conf of its own. */
function withResolvConf(mounts: Mount[], hostPath: string): Mount[] {
  const containerPath = "/etc/resolv.conf";
  if (!existsSync(hostPath) || mounts.some((m) => m.containerPath === containerPath)) return mounts;
  return [...mounts, { containerPath, hostPath, readonly: false, selinuxRelabel: false, propagation: 0 }];
}

/** Everything that can be decided before a process is made. */
function planContainer(context: ProcessContext, record: ContainerRecord, sandbox: SandboxState) {
  const { config, image } = record;
  const security = config.linux?.securityContext;
  const dir = context.containerFolder.path(record.id);
  const argv = resolveArgv(image, config);
  const hostNetwork = isHostNetwork(sandbox);
  const env = resolveEnv(image, config, hostNetwork ? "" : sandbox.config.hostname);
  const workdir = config.workingDir || image.workdir || "/";
  const user = resolveUser(image.rootfs, image.user, security);
  const pidMode = security?.namespaceOptions?.pid ?? NamespaceMode.CONTAINER;
  const plain = hostNetwork && image.rootfs === "/" && isIdentity(config.mounts) && !security?.readonlyRootfs;
  const mounts = plain ? [] : withResolvConf(config.mounts, context.sandboxFolder.path(sandbox.id, "resolv.conf"));
  const mounted = mounts.map((m) => m.containerPath);
  checkExecutable(image.rootfs, argv[0]!, env, workdir, mounted);
  const join = namespacesToJoin(context, sandbox, pidMode, security?.namespaceOptions?.targetId ?? "");
  const ownPidNamespace = !plain && pidMode === NamespaceMode.CONTAINER;
  const plan: LaunchPlan = {
    dir,
    tools: {
      unshare: tool("unshare"),
      nsenter: tool("nsenter"),
      mount: tool("mount"),
      mkdir: tool("mkdir"),
      setpriv: tool("setpriv"),
      script: config.tty ? tool("script") : "",
    },
    cgroups: record.cgroups,
    oom_score_adj: config.linux?.resources?.oomScoreAdj ?? 0,
    tty: config.tty,
    workdir,
    plain,
    join,
    ownPidNamespace,
    root: plain
      ? undefined
      : planRoot({
          dir,
          rootfs: image.rootfs,
          mounts,
          readonly: security?.readonlyRootfs ?? false,
          ownProc: ownPidNamespace || join.some(({ kind }) => kind === "pid"),
          upper_bytes_max: UPPER_BYTES_MAX,
          bindsOnly: inUserNamespace(),
        }),
    user,
    capabilities: plain || security?.privileged ? undefined : capabilitySet(security?.capabilities),
    noNewPrivileges: security?.noNewPrivs ?? false,
  };
  return { argv, env, plan };
}

/** The pod's namespaces, and the processes of the pod or of one container where those are to be seen. */
function namespacesToJoin(context: ProcessContext, sandbox: SandboxState, pidMode: NamespaceMode, targetId: string): LaunchPlan["join"] {
  const of = (kind: LaunchPlan["join"][number]["kind"], pid: number) => ({ kind, path: `/proc/${pid}/ns/${kind}` });
  const { pause } = sandbox;
  const join = pause ? [of("net", pause.pid), of("uts", pause.pid), of("ipc", pause.pid)] : [];
  if (pidMode === NamespaceMode.POD && pause) join.push(of("pid", pause.pid));
  if (pidMode === NamespaceMode.TARGET) {
    const { phase } = needContainer(context, targetId);
    if (phase.kind !== "running")
      throw criErrors.failed("failed to create task for container", `target container ${targetId} does not run`);
    join.push(of("pid", phase.main.pid));
  }
  return join;
}

const EXEC_POLL_MS = 1;
const EXEC_POLLS_MAX = 2000;

/** Waits until the process has become the command: until then its arguments name the container's state folder. */
async function commandRuns(context: ProcessContext, main: ProcessId, dir: string): Promise<void> {
  for (let polls = 0; polls < EXEC_POLLS_MAX && commandLine(main.pid).includes(dir); polls++) await sleep(context.clock, EXEC_POLL_MS);
}

/** Waits for "main <stat line>" on descriptor 3; anything else is the set-up's error. */
function mainReport(context: ProcessContext, report: Readable, child: NodeJS.EventEmitter): Promise<ProcessId> {
  return new Promise((resolve, reject) => {
    let text = "";
    const finish = (act: () => void) => {
      timer.cancel();
      report.destroy();
      act();
    };
    const fail = (why: string) => finish(() => reject(criErrors.failed("failed to create task for container", why)));
    const timer = context.clock.setTimeout(() => fail("the set-up did not finish in time"), START_LIMIT_MS);
    report.on("data", (chunk: Buffer) => {
      text = (text + chunk).slice(-REPORT_BYTES_MAX);
      const match = /(?:^|\n)main (.*)\n/.exec(text);
      if (!match) return;
      const stat = parseStat(match[1]!);
      if (stat) finish(() => resolve({ pid: stat.pid, start_ticks: stat.start_ticks }));
    });
    report.on("error", (error) => fail(error.message));
    report.on("end", () => fail(text.trim() || "the container's process ended at once"));
    child.on("error", (error: Error) => fail(error.message));
  });
}
