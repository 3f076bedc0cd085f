import { pauseBinary } from "@flotilla/cri/pause/pause.ts";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { statusOf } from "./api.ts";

export const PAUSE_IMAGE = "flotilla/pause:0.1.0";
export const PAUSE_PATH = "/pause";

/** Makes the pause image unless the daemon has it; there may be no registry to pull one from. */
export async function ensurePauseImage(docker: Docker, name: string): Promise<string> {
  try {
    return (await docker.getImage(name).inspect()).Id;
  } catch (error) {
    if (statusOf(error) !== 404 || name !== PAUSE_IMAGE) throw error;
  }
  const archive = pack();
  archive.entry({ name: "Dockerfile" }, `FROM scratch\nCOPY pause ${PAUSE_PATH}\nENTRYPOINT ["${PAUSE_PATH}"]\n`);
  archive.entry({ name: "pause", mode: 0o755 }, pauseBinary(process.arch));
  archive.finalize();
  const output = await docker.buildImage(archive as unknown as NodeJS.ReadableStream, { t: name, rm: true });
  await new Promise<void>((resolve, reject) => docker.modem.followProgress(output, (error) => (error ? reject(error) : resolve())));
  return (await docker.getImage(name).inspect()).Id;
}
