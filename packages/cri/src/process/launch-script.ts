/**
 * The shell texts that start a container. Pure: everything they need is in the plan.
 *
 * [nsenter into the pod] [unshare --mount] sh run: cgroup, mounts, then becomes
 *   [unshare --pid] sh wait: records the exit code, outlives the adapter (0.2 MB of its own)
 *     └─ [script for a tty] reports its process, enters the root file system, becomes the command
 *
 * File descriptor 3 reports to the adapter: a line "main <stat line>" once the
 * set-up is done, or else what went wrong; 5 keeps the container's stderr meanwhile.
 * unshare --fork is not used: it ends with 1 when its child is killed by SIGKILL (util-linux 2.38).
 */
export interface LaunchPlan {
  dir: string; // the container's state folder
  tools: Record<"unshare" | "nsenter" | "mount" | "mkdir" | "setpriv" | "script", string>;
  cgroups: string[];
  oom_score_adj: number;
  tty: boolean;
  workdir: string;
  /** Runs in the machine's own namespaces and file system, as the system components do. */
  plain: boolean;
  /** The pod's namespaces to join, as /proc/PID/ns/<kind>. */
  join: { kind: "net" | "uts" | "ipc" | "pid"; path: string }[];
  ownPidNamespace: boolean;
  root: RootPlan | undefined; // undefined exactly when plain
  user: { uid: number; gid: number; groups: number[] };
  /** undefined: all of the caller's capabilities are kept. */
  capabilities: string[] | undefined;
  noNewPrivileges: boolean;
}

export interface RootPlan {
  /** The image's folder, the overlay's lower layer; undefined: the root is put together from binds alone. */
  lower: string | undefined;
  /** The writable layer: in the state folder, or a tmpfs where the lower layer would contain it. */
  upper: "disk" | "tmpfs";
  upper_bytes_max: number;
  readonly: boolean;
  /** Folders and files to make as mount points, as paths in the container. */
  folders: string[];
  files: string[];
  /** fstab(5) lines, already with absolute targets below the new root. */
  fstab: string;
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export interface LaunchScripts {
  /** The program to start; `<dir>/run` and the container's argv follow. */
  prefix: string[];
  run: string;
  wait: string;
  /** With a terminal: what script(1) has a shell read. */
  terminal: string;
}

export function launchScripts(plan: LaunchPlan, argv: string[]): LaunchScripts {
  const child = plan.plain ? plainChild(plan) : isolatedChild(plan);
  const terminal = `set -- ${argv.map(quote).join(" ")}\n${child}\n`;
  const start = plan.tty ? `exec ${plan.tools.script} -qefc ${quote(`. ${quote(`${plan.dir}/terminal`)}`)} /dev/null` : child;
  const record = `c=$?\nprintf '%s\\n' "$c" > ${quote(`${plan.dir}/exit`)}`;
  // What a plain container left behind in its process group ends with it; elsewhere the pid namespace sees to that.
  // The waiting shell itself says nothing: its words ("Killed") would go to a pipe that nobody reads any more.
  const wait = ["exec 2>/dev/null", `( exec 2>&3\n${start}\n)`, record, ...(plan.plain ? ["kill -KILL 0"] : [])].join("\n");
  const enter = plan.join.filter((ns) => ns.kind !== "pid").map((ns) => `--${ns.kind}=${ns.path}`);
  return {
    prefix: [
      ...(plan.plain || enter.length === 0 ? [] : [plan.tools.nsenter, ...enter, "--"]),
      ...(plan.plain ? [] : [plan.tools.unshare, "--mount", "--"]),
      "/bin/sh",
    ],
    run: [...limits(plan), "exec 5>&2 2>&3", ...(plan.root ? setUp(plan, plan.root) : []), becomeWait(plan)].join("\n"),
    wait,
    terminal,
  };
}

function limits(plan: LaunchPlan): string[] {
  const lines = plan.cgroups.map((folder) => `{ echo $$ > ${quote(`${folder}/cgroup.procs`)}; } 2>/dev/null || :`);
  if (plan.oom_score_adj !== 0) lines.push(`{ echo ${plan.oom_score_adj} > /proc/self/oom_score_adj; } 2>/dev/null || :`);
  return lines;
}

function becomeWait(plan: LaunchPlan): string {
  const wait = quote(`${plan.dir}/wait`);
  // The first process after unshare --pid is the namespace's process 1, so everything else is done before.
  return plan.ownPidNamespace ? `exec ${plan.tools.unshare} --pid -- /bin/sh ${wait} "$@"` : `. ${wait}`;
}

const reportMain = (dir: string) =>
  `read -r l < /proc/self/stat; printf '%s\\n' "$l" > ${quote(`${dir}/main`)}; printf 'main %s\\n' "$l" >&3; exec 2>&5 5>&- 3>&-`;

function plainChild(plan: LaunchPlan): string {
  const become = plan.user.uid === 0 && !plan.noNewPrivileges ? "" : `${setpriv(plan, true)} `;
  return `cd ${quote(plan.workdir)} && ${reportMain(plan.dir)}; exec ${become}"$@"`;
}

function isolatedChild(plan: LaunchPlan): string {
  const pid = plan.join.find((ns) => ns.kind === "pid");
  const lines = ["set -e"];
  if (plan.ownPidNamespace || pid) lines.push(`${plan.tools.mount} -t proc -o nosuid,nodev,noexec proc ${quote(`${plan.dir}/root/proc`)}`);
  lines.push(reportMain(plan.dir), `exec ${setpriv(plan, false)} ${enterRoot(plan)} -- "$@"`);
  const text = lines.join("\n");
  return pid ? `exec ${plan.tools.nsenter} --pid=${pid.path} -- /bin/sh -c ${quote(text)} sh "$@"` : text;
}

function setUp(plan: LaunchPlan, root: RootPlan): string[] {
  const { mount, mkdir } = plan.tools;
  const at = (path: string) => quote(`${plan.dir}/root${path === "/" ? "" : path}`);
  const layer = `${plan.dir}/layer`;
  const lines = ["set -e", "umask 022"];
  const fstab = `${mount} -a -T ${quote(`${plan.dir}/fstab`)}`;
  if (root.lower === undefined) return [...lines, fstab];
  if (root.upper === "tmpfs") lines.push(`${mount} -t tmpfs -o mode=755,size=${root.upper_bytes_max} tmpfs ${quote(layer)}`);
  if (root.upper === "tmpfs") lines.push(`${mkdir} ${quote(`${layer}/upper`)} ${quote(`${layer}/work`)}`);
  const overlay = `lowerdir=${escapeOption(root.lower)},upperdir=${escapeOption(`${layer}/upper`)},workdir=${escapeOption(`${layer}/work`)}`;
  lines.push(`${mount} -t overlay overlay -o ${quote(overlay)} ${at("/")}`);
  if (root.folders.length > 0) lines.push(`${mkdir} -p ${root.folders.map(at).join(" ")}`);
  for (const file of root.files) lines.push(`[ -e ${at(file)} ] || : > ${at(file)}`);
  lines.push(fstab);
  if (root.readonly) lines.push(`${mount} -o remount,bind,ro ${at("/")}`);
  return lines;
}

/** chroot, chdir and user in one step; run with the caller's rights, so that a scratch image needs no tool of its own. */
function enterRoot(plan: LaunchPlan): string {
  const parts = [plan.tools.unshare, `--root=${quote(`${plan.dir}/root`)}`, `--wd=${quote(plan.workdir)}`];
  if (plan.user.gid !== 0 || plan.user.uid !== 0) parts.push(`--setgid=${plan.user.gid}`, `--setuid=${plan.user.uid}`);
  return parts.join(" ");
}

function setpriv(plan: LaunchPlan, user: boolean): string {
  const parts = [plan.tools.setpriv];
  if (user) parts.push(`--reuid=${plan.user.uid}`, `--regid=${plan.user.gid}`);
  parts.push(plan.user.groups.length > 0 ? `--groups=${plan.user.groups.join(",")}` : user ? "--clear-groups" : "--keep-groups");
  if (plan.capabilities) parts.push(`--bounding-set=-all${plan.capabilities.map((c) => `,+${c}`).join("")}`);
  if (plan.noNewPrivileges) parts.push("--no-new-privs");
  return parts.join(" ");
}

/** Overlay options are separated by "," and layers by ":". */
function escapeOption(path: string): string {
  return path.replaceAll(/[\\,:]/g, (c) => `\\${c}`);
}

/** fstab(5) fields are separated by blanks. */
export function escapeFstab(path: string): string {
  return path.replaceAll(/[\\ \t\n]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
