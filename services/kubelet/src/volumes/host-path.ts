import { mkdir, stat, writeFile } from "node:fs/promises";

/** Checks a hostPath's declared type, and makes what its type asks for. @throws Error as upstream words it. */
export async function prepareHostPath(path: string, type: string): Promise<void> {
  if (type === "") return;
  const found = await stat(path).catch(() => undefined);
  const failed = (what: string) => new Error(`hostPath type check failed: ${path} is not ${what}`);
  switch (type) {
    case "DirectoryOrCreate":
      if (!found) await mkdir(path, { recursive: true, mode: 0o755 });
      else if (!found.isDirectory()) throw failed("a directory");
      return;
    case "FileOrCreate":
      if (!found) await writeFile(path, "", { mode: 0o644 });
      else if (!found.isFile()) throw failed("a file");
      return;
    case "Directory":
      if (!found?.isDirectory()) throw failed("a directory");
      return;
    case "File":
      if (!found?.isFile()) throw failed("a file");
      return;
    case "Socket":
      if (!found?.isSocket()) throw failed("a socket");
      return;
    case "CharDevice":
      if (!found?.isCharacterDevice()) throw failed("a character device");
      return;
    case "BlockDevice":
      if (!found?.isBlockDevice()) throw failed("a block device");
  }
}
