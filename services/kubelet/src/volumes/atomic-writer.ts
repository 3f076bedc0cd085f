import { chmod, chown, lchown, mkdir, readdir, readFile, readlink, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface FileEntry {
  data: Buffer;
  mode: number;
  uid?: number;
}

const DATA = "..data";

/**
 * Writes a set of files so that readers see all of the old or all of the new:
 * the files stand in a folder of their own, `..data` links to it and is replaced
 * by one rename, and user-visible names link through `..data`.
 * Returns true when anything was written.
 */
export async function writeAtomically(
  directory: string,
  files: ReadonlyMap<string, FileEntry>,
  version: string,
  gid?: number,
): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const current = await readlink(join(directory, DATA)).catch(() => undefined);
  if (current !== undefined && (await same(join(directory, current), files))) return false;
  const fresh = `..${version}`;
  await rm(join(directory, fresh), { recursive: true, force: true });
  await mkdir(join(directory, fresh), { mode: 0o755 });
  for (const [path, entry] of files) await writeEntry(join(directory, fresh, path), entry, gid);
  const next = join(directory, "..data_tmp");
  await unlink(next).catch(() => undefined);
  await symlink(fresh, next);
  await rename(next, join(directory, DATA));
  await linkNames(directory, new Set([...files.keys()].map((path) => path.split("/")[0]!)), gid);
  if (current !== undefined && current !== fresh) await rm(join(directory, current), { recursive: true, force: true });
  return true;
}

async function writeEntry(path: string, entry: FileEntry, gid: number | undefined): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  // Readable by the group, as fsGroup promises.
  const mode = gid === undefined ? entry.mode : entry.mode | 0o040;
  await writeFile(path, entry.data, { mode });
  await chmod(path, mode); // past the umask
  if (gid !== undefined || entry.uid !== undefined) await chown(path, entry.uid ?? 0, gid ?? 0);
}

async function linkNames(directory: string, names: Set<string>, gid: number | undefined): Promise<void> {
  const present = new Set((await readdir(directory)).filter((name) => !name.startsWith("..")));
  for (const name of names) {
    if (present.has(name)) continue;
    await symlink(join(DATA, name), join(directory, name));
    if (gid !== undefined) await lchown(join(directory, name), 0, gid);
  }
  for (const name of present) if (!names.has(name)) await unlink(join(directory, name));
}

async function same(directory: string, files: ReadonlyMap<string, FileEntry>): Promise<boolean> {
  const present = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  if (present.filter((e) => e.isFile()).length !== files.size) return false;
  for (const [path, entry] of files) {
    const data = await readFile(join(directory, path)).catch(() => undefined);
    if (!data?.equals(entry.data)) return false;
  }
  return true;
}
