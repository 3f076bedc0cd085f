import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";

/** Device files every container has, bound from the machine's. */
export const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];

const LINKS = { fd: "/proc/self/fd", stdin: "fd/0", stdout: "fd/1", stderr: "fd/2", ptmx: "pts/ptmx" };

/** A /dev of the container's own: what it or its pod puts there (a termination log) must not end up in the machine's. */
export function makeDeviceFolder(dir: string): void {
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o755);
  for (const folder of ["pts", "shm"]) mkdirSync(`${dir}/${folder}`);
  for (const name of DEVICES) writeFileSync(`${dir}/${name}`, "");
  for (const [name, target] of Object.entries(LINKS)) symlinkSync(target, `${dir}/${name}`);
}
