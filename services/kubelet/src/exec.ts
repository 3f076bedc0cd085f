import { execFile } from "node:child_process";
import type { Exec } from "./volumes/manager.ts";

/** Long enough for any `ip`, `mount` or `umount`. */
const LIMIT_MS = 30_000;

export const systemExec: Exec = (command, args) =>
  new Promise((resolve, reject) => {
    execFile(command, args, { timeout: LIMIT_MS, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args.join(" ")}: ${stderr.trim() || error.message}`));
      else resolve(stdout);
    });
  });
