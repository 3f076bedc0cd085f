import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ok } from "./run.ts";

export const BUSYBOX = "flotilla-test/busybox:1";
const APPLETS = [
  "sh",
  "cat",
  "echo",
  "ls",
  "sleep",
  "wget",
  "nslookup",
  "httpd",
  "nc",
  "id",
  "env",
  "tar",
  "true",
  "false",
  "touch",
  "date",
  "hostname",
  "ip",
  "dd",
  "seq",
  "printf",
  "mkdir",
  "rm",
  "test",
  "grep",
  "head",
  "tail",
  "wc",
  "md5sum",
  "kill",
  "ps",
  "trap",
];

/** A folder that is a whole small root file system: busybox and nothing else. */
export function busyboxRootfs(): string {
  const root = mkdtempSync(join(tmpdir(), "flotilla-busybox-"));
  for (const folder of ["bin", "tmp", "etc", "proc", "sys", "dev", "www", "data"]) mkdirSync(join(root, folder));
  cpSync("/bin/busybox", join(root, "bin/busybox"));
  for (const applet of APPLETS) symlinkSync("busybox", join(root, "bin", applet));
  return root;
}

/** Imports it as a Docker image; no registry is involved. */
export async function buildBusybox(): Promise<void> {
  const root = busyboxRootfs();
  try {
    await ok("sh", ["-c", `tar -C ${root} -c . | docker import --change 'CMD ["/bin/sh"]' --change 'ENV PATH=/bin' - ${BUSYBOX}`]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
