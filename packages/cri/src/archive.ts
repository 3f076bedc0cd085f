import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { criErrors } from "./errors.ts";
import { run } from "./exec.ts";
import { addImage, type ProcessImage, type StoredImage, unpackFolder } from "./images.ts";
import { tool } from "./process/tools.ts";

/**
 * Registers an image from a tar archive (compressed or not): a root file system
 * (`docker export`), or an image with its layers and defaults (`docker save`,
 * whose first image is taken). Fields given in `image` win over the archive's.
 */
export async function addArchive(dir: string, archive: string, image: Partial<ProcessImage> & { name: string }): Promise<StoredImage> {
  const rootfs = unpackFolder(dir, image.name);
  const fresh = `${rootfs}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  try {
    await untar(archive, fresh);
    const saved = await readSaved(fresh);
    const defaults = saved ? await unpackLayers(fresh, saved) : {};
    await replace(saved ? join(fresh, "rootfs") : fresh, rootfs);
    return await addImage(dir, { ...defaults, ...image, rootfs });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function untar(archive: string, folder: string): Promise<void> {
  const output = await run([tool("tar"), "-xpf", archive, "-C", folder, "--numeric-owner"]);
  if (output.code !== 0)
    throw criErrors.invalid(`${archive} is not a tar archive that can be unpacked: ${output.stderr.toString().trim()}`);
}

interface Saved {
  Config: string;
  Layers: string[];
}

/** The manifest of `docker save`; undefined for a plain file system. */
async function readSaved(folder: string): Promise<Saved | undefined> {
  try {
    const [first] = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));
    return Array.isArray(first?.Layers) && typeof first.Config === "string" ? first : undefined;
  } catch {
    return undefined;
  }
}

async function unpackLayers(folder: string, saved: Saved): Promise<Partial<ProcessImage>> {
  const rootfs = join(folder, "rootfs");
  await mkdir(rootfs);
  for (const layer of saved.Layers) {
    await untar(join(folder, layer), rootfs);
    await applyWhiteouts(rootfs);
  }
  const { config = {} } = JSON.parse(await readFile(join(folder, saved.Config), "utf8"));
  return {
    entrypoint: config.Entrypoint ?? [],
    cmd: config.Cmd ?? [],
    env: config.Env ?? [],
    workdir: config.WorkingDir ?? "",
    user: config.User ?? "",
  };
}

const WHITEOUT = ".wh.";

/** A layer removes `name` of the layers below by a file `.wh.name` (OCI image layer specification). */
async function applyWhiteouts(rootfs: string): Promise<void> {
  for (const path of await readdir(rootfs, { recursive: true })) {
    const name = basename(path);
    if (!name.startsWith(WHITEOUT)) continue;
    await rm(join(rootfs, path), { force: true });
    if (name !== ".wh..wh..opq") await rm(join(rootfs, dirname(path), name.slice(WHITEOUT.length)), { recursive: true, force: true });
  }
}

/** Running containers keep the old folder as their lower layer: it is moved away, then removed. */
async function replace(from: string, to: string): Promise<void> {
  const old = `${to}.old`;
  await rm(old, { recursive: true, force: true });
  await rename(to, old).catch(() => {});
  await rename(from, to);
  await rm(old, { recursive: true, force: true });
}
