import { chmod, chown, lstat, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "@flotilla/api";
import { type Clock, type Random, randomInt } from "@flotilla/base";
import { messageOf, SyncError } from "../errors.ts";
import { writeAtomically } from "./atomic-writer.ts";
import { type FileSources, volumeFiles } from "./files.ts";
import { prepareHostPath } from "./host-path.ts";
import { planVolume, podDirectory, type VolumePlan } from "./plan.ts";

/** Runs a program to its end. @throws Error with its output when it fails. */
export type Exec = (command: string, args: string[]) => Promise<string>;

/** Makes a pod's volumes, keeps their content current, and removes them. */
export class VolumeManager {
  private readonly ports: { clock: Clock; random: Random; exec: Exec };
  private readonly root: string;

  constructor(ports: { clock: Clock; random: Random; exec: Exec }, root: string) {
    this.ports = ports;
    this.root = root;
  }

  /** Every volume of the pod in place; name to path. @throws SyncError FailedMount. */
  async mount(pod: Pod, sources: FileSources): Promise<Map<string, string>> {
    await mkdir(podDirectory(this.root, pod.metadata.uid!), { recursive: true, mode: 0o750 });
    const volumes = pod.spec?.volumes ?? [];
    const paths = await Promise.all(
      volumes.map(async (volume) => {
        const plan = planVolume(this.root, pod, volume);
        try {
          return await this.setUp(pod, plan, sources);
        } catch (error) {
          throw new SyncError("FailedMount", `MountVolume.SetUp failed for volume "${volume.name}" : ${messageOf(error)}`);
        }
      }),
    );
    return new Map(volumes.map((volume, i) => [volume.name, paths[i]!]));
  }

  private async setUp(pod: Pod, plan: VolumePlan, sources: FileSources): Promise<string> {
    const fsGroup = pod.spec?.securityContext?.fsGroup;
    switch (plan.kind) {
      case "emptyDir":
        await this.emptyDir(plan, fsGroup);
        return plan.path;
      case "hostPath":
        await prepareHostPath(plan.path, plan.type);
        return plan.path;
      case "files":
        await writeAtomically(plan.path, await volumeFiles(pod, plan.volume, sources), version(this.ports), fsGroup);
        return plan.path;
      case "unsupported":
        throw new Error(`no volume plugin matched: ${plan.plugin}`);
    }
  }

  private async emptyDir(plan: Extract<VolumePlan, { kind: "emptyDir" }>, fsGroup: number | undefined): Promise<void> {
    if (await lstat(plan.path).catch(() => undefined)) return;
    await mkdir(plan.path, { recursive: true });
    if (plan.memory) {
      const size = plan.sizeLimit ? [`-osize=${plan.sizeLimit.replace(/i$/, "")}`] : [];
      // Where tmpfs may not be mounted (a user namespace), a plain folder does.
      await this.ports.exec("mount", ["-t", "tmpfs", ...size, "tmpfs", plan.path]).catch(() => "");
    }
    await chmod(plan.path, fsGroup === undefined ? 0o777 : 0o2777);
    if (fsGroup !== undefined) await chown(plan.path, 0, fsGroup);
  }

  /** Everything the pod kept on this machine, logs excepted. */
  async remove(uid: string): Promise<void> {
    const directory = podDirectory(this.root, uid);
    const mounts = await readFile("/proc/self/mounts", "utf8").catch(() => "");
    const inside = mounts
      .split("\n")
      .map((line) => line.split(" ")[1]?.replace(/\\040/g, " ") ?? "")
      .filter((path) => path.startsWith(`${directory}/`));
    for (const path of inside.reverse()) await this.ports.exec("umount", ["-l", path]).catch(() => "");
    await rm(directory, { recursive: true, force: true });
  }

  /** Uids of pods that have a folder here. */
  async known(): Promise<string[]> {
    return readdir(join(this.root, "pods")).catch(() => []);
  }
}

/** A folder name no earlier write has used. */
const version = (ports: { clock: Clock; random: Random }): string =>
  `${new Date(ports.clock.now()).toISOString().slice(0, 19).replace(/[-:T]/g, "_")}.${randomInt(ports.random, 1e9)}`;
