import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { criErrors } from "./errors.ts";

/**
 * The process handler's image registry: one folder shared by all machines of a
 * cluster, `<dir>/<encoded name>/image.json`, with an archive's files beside it in `rootfs/`.
 */
export interface ProcessImage {
  name: string; // with a tag, e.g. "flotilla/etcd:v0.1.0"
  /** "/" is the machine's own file system; else an absolute folder. */
  rootfs: string;
  entrypoint: string[];
  cmd: string[];
  env: string[]; // "KEY=value"
  workdir: string; // "" is "/"
  /** "uid[:gid]" or a name of the image's /etc/passwd; "" is root. */
  user: string;
}

export interface StoredImage extends ProcessImage {
  id: string; // "sha256:…" of the entry
  size_bytes: number;
}

/** A reference as Docker completes it: no tag means "latest"; docker.io's own prefixes fall away. */
export function normalizeImage(reference: string): string {
  let name = reference.replace(/^(docker\.io|index\.docker\.io)\//, "").replace(/^library\//, "");
  const at = name.indexOf("@");
  if (at >= 0) return name;
  if (!/:[^/]*$/.test(name)) name += ":latest";
  return name;
}

/** Names hold "/" and ":", folder names should not. */
function folderOf(dir: string, name: string): string {
  return join(dir, encodeURIComponent(normalizeImage(name)));
}

/** Registers (or replaces) an image; readers see the old entry or the new one, never half of one. */
export async function addImage(dir: string, image: Partial<ProcessImage> & { name: string; rootfs: string }): Promise<StoredImage> {
  if (!image.rootfs.startsWith("/")) throw criErrors.invalid(`image "${image.name}": rootfs must be an absolute path`);
  const entry: ProcessImage = {
    name: normalizeImage(image.name),
    rootfs: image.rootfs,
    entrypoint: image.entrypoint ?? [],
    cmd: image.cmd ?? [],
    env: image.env ?? [],
    workdir: image.workdir ?? "",
    user: image.user ?? "",
  };
  if (!(await isFolder(entry.rootfs))) throw criErrors.invalid(`image "${entry.name}": rootfs ${entry.rootfs} is not a folder`);
  const folder = folderOf(dir, entry.name);
  await mkdir(folder, { recursive: true });
  const size_bytes = entry.rootfs === "/" ? 0 : await folderSize(entry.rootfs);
  const temporary = join(folder, `image.json.${process.pid}`);
  await writeFile(temporary, `${JSON.stringify({ ...entry, size_bytes }, null, 2)}\n`);
  await rename(temporary, join(folder, "image.json"));
  return { ...entry, size_bytes, id: idOf(entry) };
}

export async function listImages(dir: string): Promise<StoredImage[]> {
  const folders = await readdir(dir).catch(() => []);
  const images = await Promise.all(folders.map((folder) => readEntry(join(dir, folder))));
  return images.filter((image) => image !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** By name, with or without its tag, or by id. */
export async function findImage(dir: string, reference: string): Promise<StoredImage | undefined> {
  if (reference.startsWith("sha256:")) return (await listImages(dir)).find((image) => image.id === reference);
  return readEntry(folderOf(dir, reference));
}

export async function removeImage(dir: string, reference: string): Promise<boolean> {
  const image = await findImage(dir, reference);
  if (!image) return false;
  await rm(folderOf(dir, image.name), { recursive: true, force: true });
  return true;
}

/** Where `addArchive` unpacks to; removed together with the entry. */
export function unpackFolder(dir: string, name: string): string {
  return join(folderOf(dir, name), "rootfs");
}

async function readEntry(folder: string): Promise<StoredImage | undefined> {
  try {
    const { size_bytes = 0, ...entry } = JSON.parse(await readFile(join(folder, "image.json"), "utf8"));
    return { ...entry, size_bytes, id: idOf(entry) };
  } catch {
    return undefined; // being written, removed, or not ours
  }
}

function idOf(entry: ProcessImage): string {
  return `sha256:${createHash("sha256").update(JSON.stringify(entry)).digest("hex")}`;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );
}

const SIZE_ENTRIES_MAX = 20_000;

/** Bytes of the regular files below `path`, of at most the first 20,000 entries. */
async function folderSize(path: string): Promise<number> {
  const queue = [path];
  let total = 0;
  for (let seen = 0; queue.length > 0 && seen < SIZE_ENTRIES_MAX; ) {
    const folder = queue.pop()!;
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      seen++;
      const full = join(folder, entry.name);
      if (entry.isDirectory()) queue.push(full);
      else if (entry.isFile())
        total += await stat(full)
          .then((s) => s.size)
          .catch(() => 0);
    }
  }
  return total;
}
