/**
 * The shell text that starts a container. Pure: everything it needs is in the plan.
 *
 * wrapper sh ─ records the exit code, outlives the adapter (about 0.2 MB of its own)
 *   └─ [script for a tty] [nsenter into the pod] [unshare] inner sh ─ sets up mounts, then becomes the command
 *
 * File descriptor 3 reports to the adapter: a line "main <stat line>" once the
 * set-up is done, or else what went wrong.
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
  /** The image's folder, the overlay's lower layer. */
  lower: string;
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

const REPORT_MAIN = (dir: string) =>
  `read -r l < /proc/self/stat; printf '%s\\n' "$l" > ${quote(`${dir}/main`)}; printf 'main %s\\n' "$l" >&3`;

/** The wrapper's text; the container's argv is given as its positional parameters. */
export function wrapperScript(plan: LaunchPlan): string {
  const lines = plan.cgroups.map((folder) => `echo $$ 2>/dev/null > ${quote(`${folder}/cgroup.procs`)} || :`);
  if (plan.oom_score_adj !== 0) lines.push(`{ echo ${plan.oom_score_adj} > /proc/self/oom_score_adj; } 2>/dev/null || :`);
  lines.push(`( ${childCommand(plan)} )`, "c=$?", `printf '%s\\n' "$c" > ${quote(`${plan.dir}/exit`)}`);
  // What a plain container left behind in its process group ends with it; elsewhere the pid namespace sees to that.
  if (plan.plain) lines.push("kill -KILL 0");
  return lines.join("\n");
}

function childCommand(plan: LaunchPlan): string {
  if (plan.tty) {
    const script = `set -- "$@"; `;
    return `${script}exec ${plan.tools.script} -qefc ${quote(`${ttyPrefix(plan)}`)} /dev/null`;
  }
  return plan.plain ? plainCommand(plan) : isolatedCommand(plan);
}

/** script(1) takes one command string, so the argv goes through a file the inner shell reads. */
function ttyPrefix(plan: LaunchPlan): string {
  return `. ${quote(`${plan.dir}/argv`)}; ${plan.plain ? plainCommand(plan) : isolatedCommand(plan)}`;
}

function plainCommand(plan: LaunchPlan): string {
  const become = plan.user.uid === 0 && !plan.noNewPrivileges ? "" : `${setpriv(plan, true)} `;
  return `cd ${quote(plan.workdir)} && ${REPORT_MAIN(plan.dir)}; exec 3>&-; exec ${become}"$@"`;
}

function isolatedCommand(plan: LaunchPlan): string {
  const parts: string[] = [];
  if (plan.join.length > 0) parts.push(plan.tools.nsenter, ...plan.join.map((ns) => `--${ns.kind}=${ns.path}`), "--");
  parts.push(plan.tools.unshare, "--mount");
  if (plan.ownPidNamespace) parts.push("--pid", "--fork", "--kill-child");
  return `exec ${parts.join(" ")} -- /bin/sh -c ${quote(innerScript(plan, plan.root!))} sh "$@"`;
}

function innerScript(plan: LaunchPlan, root: RootPlan): string {
  const { mount, mkdir } = plan.tools;
  const at = (path: string) => quote(`${plan.dir}/root${path === "/" ? "" : path}`);
  const layer = quote(`${plan.dir}/layer`);
  const lines = ["exec 5>&2 2>&3", "set -e", "umask 022"];
  if (root.upper === "tmpfs") lines.push(`${mount} -t tmpfs -o mode=755,size=${root.upper_bytes_max} tmpfs ${layer}`);
  lines.push(`${mkdir} -p ${layer}/upper ${layer}/work`);
  const overlay = `lowerdir=${escapeOption(root.lower)},upperdir=${escapeOption(`${plan.dir}/layer/upper`)},workdir=${escapeOption(`${plan.dir}/layer/work`)}`;
  lines.push(`${mount} -t overlay overlay -o ${quote(overlay)} ${at("/")}`);
  if (root.folders.length > 0) lines.push(`${mkdir} -p ${root.folders.map(at).join(" ")}`);
  for (const file of root.files) lines.push(`[ -e ${at(file)} ] || : > ${at(file)}`);
  lines.push(`${mount} -a -T ${quote(`${plan.dir}/fstab`)}`);
  if (root.readonly) lines.push(`${mount} -o remount,bind,ro ${at("/")}`);
  lines.push(REPORT_MAIN(plan.dir), "exec 2>&5 5>&- 3>&-");
  lines.push(`exec ${setpriv(plan, false)} ${enterRoot(plan)} -- "$@"`);
  return lines.join("\n");
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
