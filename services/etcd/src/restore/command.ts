import { readFileSync } from "node:fs";
import type { Logger } from "@flotilla/base";
import { FlagError, type FlagSpecs, HelpRequested, helpText, parseFlags } from "@flotilla/process/flags.ts";
import { foundCluster } from "../bootstrap.ts";
import { bootstrapMembers, parseInitialCluster, sameUrls } from "../node/members.ts";
import { type Disk, pathOf } from "../storage/disk.ts";
import { databaseIn } from "./file.ts";
import { importDatabase } from "./import.ts";

/** The flags of `etcdctl snapshot restore`, with its defaults, and two of etcdutl 3.6 for whoever must outrun caches of later revisions. */
const FLAGS = {
  "data-dir": { type: "string", default: "", help: "Path to the output data directory." },
  "initial-advertise-peer-urls": {
    type: "list",
    default: ["http://localhost:2380"],
    help: "List of this member's peer URLs to advertise to the rest of the cluster.",
  },
  "initial-cluster": {
    type: "string",
    default: "default=http://localhost:2380",
    help: "Initial cluster configuration for restore bootstrap.",
  },
  "initial-cluster-token": {
    type: "string",
    default: "etcd-cluster",
    help: "Initial cluster token for the etcd cluster during restore bootstrap.",
  },
  name: { type: "string", default: "default", help: "Human-readable name for this member." },
  "skip-hash-check": {
    type: "bool",
    default: false,
    help: "Ignore snapshot integrity hash value (required if copied from data directory).",
  },
  "wal-dir": { type: "string", default: "", help: "Path to the WAL directory (use --data-dir if none given)." },
  "bump-revision": { type: "int", default: 0, help: "How much to increase the latest revision after restore." },
  "mark-compacted": { type: "bool", default: false, help: "Mark the latest revision after restore as the point of scheduled compaction." },
} as const satisfies FlagSpecs;

export interface RestorePorts {
  readonly disk: Disk;
  readonly log: Logger;
  readonly print: (text: string) => void;
}

const USAGE = "etcd snapshot restore FILE";
/** Restored leases keep their time; the member that loads them applies its own shortest. */
const TTL_S_MIN = 1;

/**
 * `etcd snapshot restore FILE`: a data directory from a snapshot, for a new
 * cluster with the members that are named. Run it for each member, with the same
 * file. @returns the exit code; errors are printed as etcdctl prints them.
 */
export async function snapshotCommand(argv: readonly string[], ports: RestorePorts): Promise<number> {
  try {
    const [verb, ...rest] = argv;
    if (verb !== "restore")
      throw new FlagError(`unknown command "${verb ?? ""}" for "etcd snapshot": only "restore" is here; etcdctl does the rest`);
    const files = rest.filter((arg, i) => !arg.startsWith("-") && !takesNext(rest[i - 1]));
    if (files.length !== 1) throw new FlagError("snapshot restore requires exactly one argument");
    const flags = parseFlags(
      FLAGS,
      rest.filter((arg) => arg !== files[0]),
    );
    await restore(files[0]!, flags, ports);
    return 0;
  } catch (error) {
    if (error instanceof HelpRequested) {
      ports.print(helpText(USAGE, "Restores a member's data directory from a snapshot of ours or of etcd's.", FLAGS));
      return 0;
    }
    ports.print(`Error: ${(error as Error).message}\n`);
    return 1;
  }
}

/** Is this a flag whose value is the next word? */
function takesNext(arg: string | undefined): boolean {
  const name = /^--([^=]+)$/.exec(arg ?? "")?.[1] as keyof typeof FLAGS | undefined;
  return name !== undefined && FLAGS[name]?.type !== "bool";
}

/** @throws Error as etcdctl words it. */
function open(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new Error(`open ${path}: no such file or directory`);
    throw error;
  }
}

async function restore(path: string, f: ReturnType<typeof parseFlags<typeof FLAGS>>, { disk, log }: RestorePorts): Promise<void> {
  const dataDir = f["data-dir"] || `${f.name}.etcd`;
  const members = bootstrapMembers(parseInitialCluster(f["initial-cluster"]), f["initial-cluster-token"]);
  const self = members.find((m) => m.name === f.name);
  if (!self) throw new Error(`couldn't find local name "${f.name}" in the initial cluster configuration`);
  if (!sameUrls(self.peerURLs, f["initial-advertise-peer-urls"])) {
    throw new Error(
      `--initial-cluster has ${f.name}=${self.peerURLs.join()} but missing from --initial-advertise-peer-urls=${f["initial-advertise-peer-urls"].join()}`,
    );
  }
  if (disk.list(dataDir).length > 0) throw new Error(`data-dir "${dataDir}" exists`);
  log.info("restoring snapshot", { path, dataDir });
  const machine = importDatabase(databaseIn(open(path), f["skip-hash-check"]), TTL_S_MIN);
  const { store } = machine;
  store.finishImport(store.revision + f["bump-revision"], store.compacted);
  if (f["mark-compacted"] && store.revision > store.compacted) store.compact(store.revision);
  const onFailure = (error: Error) => log.error("the write-ahead log cannot be written", { error });
  const { wal, clusterId } = await foundCluster(machine, members, self, f["initial-cluster-token"], {
    disk,
    log,
    onFailure,
    folder: pathOf(dataDir, "member"),
    walDir: f["wal-dir"],
  });
  await wal.close();
  log.info("restored snapshot", { path, dataDir, clusterId, member: self.id, revision: store.revision, keys: store.keys });
}
