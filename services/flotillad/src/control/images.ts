import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { addImage, listImages, removeImage, type StoredImage, unpackFolder } from "@flotilla/cri/images.ts";
import type { AddImageRequest, Image } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import { run } from "../command.ts";
import { UsageError } from "./errors.ts";

/** Registers a folder or a tar archive as an image of the process runtime. @throws UsageError */
export async function addProcessImage(folder: string, request: AddImageRequest): Promise<Image> {
  const { image, path } = request;
  if (!image?.name) throw new UsageError("give the image a name, such as web:1");
  if (!path.startsWith("/") || !existsSync(path)) throw new UsageError(`--path ${path}: there is no such folder or archive`);
  const stored = await addImage(folder, {
    name: image.name,
    rootfs: statSync(path).isDirectory() ? path : await unpack(folder, image.name, path),
    entrypoint: image.entrypoint,
    cmd: image.cmd,
    env: Object.entries(image.env).map(([key, value]) => `${key}=${value}`),
    workdir: image.workdir,
  });
  return toMessage(stored);
}

async function unpack(folder: string, name: string, archive: string): Promise<string> {
  const target = unpackFolder(folder, name);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  await run(["tar", "-xf", archive, "-C", target]).catch((error) => {
    throw new UsageError(`--path ${archive}: not an archive that tar can read (${(error as Error).message})`);
  });
  return target;
}

export const listProcessImages = async (folder: string): Promise<Image[]> => (await listImages(folder)).map(toMessage);

export async function removeProcessImage(folder: string, name: string): Promise<void> {
  if (!(await removeImage(folder, name))) throw new UsageError(`there is no image "${name}"; \`flotilla image ls\` lists them`);
}

function toMessage(image: StoredImage): Image {
  const env = Object.fromEntries(image.env.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
  return { name: image.name, rootfs: image.rootfs, entrypoint: image.entrypoint, cmd: image.cmd, env, workdir: image.workdir };
}
