import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

/**
 * Removes a folder with all in it. An overlay mounted in a user namespace leaves work folders without any
 * permission; they are ours all the same, so they are opened first where that is in the way.
 */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    spawnSync("chmod", ["-R", "u+rwX", path], { stdio: "ignore" });
    rmSync(path, { recursive: true, force: true });
  }
}
