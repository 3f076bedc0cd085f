import { existsSync, lstatSync, mkdirSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import type { Mount } from "@flotilla/rpc/gen/cri/v1/api.ts";
import { criErrors } from "../errors.ts";
import { bindTree } from "./bind-tree.ts";
import { DEVICES } from "./devices.ts";
import { escapeFstab, type RootPlan } from "./launch-script.ts";

const LINKS_MAX = 40; // as the kernel's MAXSYMLINKS

/**
 * `path` with the symbolic links below `rootfs` followed as if `rootfs` were "/":
 * a link to /run inside of an image must not lead to the machine's /run.
 */
export function resolveIn(rootfs: string, path: string): string {
  let pending = path.split("/").filter((part) => part !== "");
  const done: string[] = [];
  for (let links = 0; pending.length > 0; ) {
    const part = pending.shift()!;
    if (part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    const target = linkTarget(join(rootfs, ...done, part));
    if (target === undefined) {
      done.push(part);
      continue;
    }
    if (++links > LINKS_MAX) throw criErrors.invalid(`too many symbolic links in ${path}`);
    if (target.startsWith("/")) done.length = 0;
    pending = [...target.split("/").filter((p) => p !== ""), ...pending];
  }
  return `/${done.join("/")}`;
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined; // does not exist: it is made as a plain folder
  }
}

function plainPath(path: string): string {
  return normalize(path).replace(/(.)\/$/, "$1");
}

export interface RootInput {
  dir: string;
  rootfs: string;
  mounts: Mount[];
  readonly: boolean;
  /** The container mounts /proc itself, for its pid namespace. */
  ownProc: boolean;
  upper_bytes_max: number;
  /** In a user namespace "/" cannot be an overlay's layer: its mounts are locked. */
  bindsOnly: boolean;
}

/** Files a node agent manages for each container; the machine has its own, so going without them changes nothing that matters. */
const MANAGED = ["/etc/hosts", "/dev/termination-log"];

/** Whether a container with these mounts sees the same files in the machine's own tree. */
export function isIdentity(mounts: Mount[]): boolean {
  return mounts.every((m) => plainPath(m.containerPath) === plainPath(m.hostPath) || MANAGED.includes(m.containerPath));
}

/** The root file system of an isolated container: layers, kernel file systems, then the volumes in depth order. */
export function planRoot(input: RootInput): RootPlan {
  const folders = ["/proc", "/sys", "/dev"];
  const files: string[] = [];
  const root = `${input.dir}/root`;
  const lines = [
    ...(input.ownProc ? [] : [line("/proc", `${root}/proc`, "none", "rbind")]),
    line("/sys", `${root}/sys`, "none", "rbind"),
    line(`${input.dir}/dev`, `${root}/dev`, "none", "bind"),
    ...DEVICES.map((name) => line(`/dev/${name}`, `${root}/dev/${name}`, "none", "bind")),
    line("/dev/pts", `${root}/dev/pts`, "none", "rbind"),
    line("tmpfs", `${root}/dev/shm`, "tmpfs", "nosuid,nodev,mode=1777"),
  ];
  const mounts = input.mounts.map((m) => ({ ...m, target: resolveIn(input.rootfs, m.containerPath) }));
  mounts.sort((a, b) => a.target.split("/").length - b.target.split("/").length);
  for (const mount of mounts) {
    const source = stat(mount.hostPath);
    if (!source) throw criErrors.failed(`mount ${mount.containerPath}`, `stat ${mount.hostPath}: no such file or directory`);
    if (mount.target === "/") throw criErrors.invalid("a volume cannot be mounted at /");
    // The container's own /dev lies over the layers: a mount point in it must be made there.
    if (mount.target.startsWith("/dev/")) placeIn(input.dir, mount.target, source.isDirectory());
    else if (source.isDirectory()) folders.push(mount.target);
    else {
      folders.push(dirname(mount.target));
      files.push(mount.target);
    }
    lines.push(line(mount.hostPath, root + mount.target, "none", mount.readonly ? "bind,ro" : "rbind"));
  }
  if (input.rootfs === "/" && input.bindsOnly) {
    const targets = mounts.map((m) => m.target);
    const fstab = `${[...bindTree(root, targets, line), ...lines].join("\n")}\n`;
    for (const folder of folders) mkdirSync(root + folder, { recursive: true });
    for (const file of files) if (!existsSync(root + file)) writeFileSync(root + file, "");
    return { lower: undefined, upper: "disk", upper_bytes_max: 0, readonly: false, folders: [], files: [], fstab };
  }
  return {
    lower: input.rootfs,
    upper: input.rootfs === "/" ? "tmpfs" : "disk",
    upper_bytes_max: input.upper_bytes_max,
    readonly: input.readonly,
    folders: [...new Set(folders)],
    files,
    fstab: `${lines.join("\n")}\n`,
  };
}

function placeIn(dir: string, target: string, isFolder: boolean): void {
  const path = join(dir, target);
  mkdirSync(isFolder ? path : dirname(path), { recursive: true });
  if (!isFolder && !existsSync(path)) writeFileSync(path, "");
}

function line(source: string, target: string, type: string, options: string): string {
  return `${escapeFstab(source)} ${escapeFstab(target)} ${type} ${options} 0 0`;
}

function stat(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
