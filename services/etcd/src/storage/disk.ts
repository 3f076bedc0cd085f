import {
  closeSync,
  fdatasync,
  fsync,
  ftruncate,
  mkdirSync,
  open,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  write,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** The disk as a port: what the write-ahead log and the snapshots need of it. */
export interface Disk {
  mkdir(path: string): void;
  /** Names in a folder, sorted; empty when the folder is not there. */
  list(path: string): string[];
  read(path: string): Buffer;
  /** Opens for writing from `keep_bytes` on, created if missing; what was behind is cut off. */
  open(path: string, keep_bytes: number): Promise<DiskFile>;
  /** Atomic, and durable when resolved. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): void;
}

export interface DiskFile {
  append(data: Buffer): Promise<void>;
  /** Resolves when everything appended is on the medium. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const openFile = promisify(open);
const truncate = promisify(ftruncate);
const syncAll = promisify(fsync);
const syncData = promisify(fdatasync);

export function nodeDisk(): Disk {
  return {
    mkdir: (path) => void mkdirSync(path, { recursive: true, mode: 0o700 }),
    list(path) {
      try {
        return readdirSync(path).sort();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
        throw error;
      }
    },
    read: (path) => readFileSync(path),
    async open(path, keep_bytes) {
      const fd = await openFile(path, keep_bytes === 0 ? "w" : "r+", 0o600);
      await truncate(fd, keep_bytes);
      await syncDirectory(dirname(path));
      return nodeFile(fd, keep_bytes);
    },
    async rename(from, to) {
      renameSync(from, to);
      await syncDirectory(dirname(to));
    },
    remove: (path) => rmSync(path, { force: true, recursive: true }),
  };
}

function nodeFile(fd: number, from_bytes: number): DiskFile {
  let position = from_bytes;
  return {
    append(data) {
      return new Promise((resolve, reject) => {
        const next = (offset: number) => {
          write(fd, data, offset, data.length - offset, position, (error, written) => {
            if (error) return reject(error);
            position += written;
            if (offset + written < data.length) next(offset + written);
            else resolve();
          });
        };
        next(0);
      });
    },
    sync: () => syncData(fd),
    close: async () => closeSync(fd),
  };
}

/** A new name is durable only when its folder is synced. */
async function syncDirectory(path: string): Promise<void> {
  const fd = openSync(path, "r");
  try {
    await syncAll(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * What an operator needs to know when the log could not be written. The member
 * ends then, with etcd's words: what the disk holds is unknown, and a second
 * sync would say that all is well without having written anything (fsyncgate).
 */
export function walFailure(error: Error, dataDir: string): string {
  const { code } = error as NodeJS.ErrnoException;
  const what = "failed to save Raft hard state and entries";
  if (code !== "ENOSPC" && code !== "EDQUOT") return `${what}: the disk of ${dataDir} does not work`;
  return `${what}: no space left on the disk of ${dataDir}. Nothing that was acknowledged is lost: free some space and start the member again`;
}

export const pathOf = (...parts: string[]) => join(...parts);
