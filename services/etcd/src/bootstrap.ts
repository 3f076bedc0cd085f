import type { SecureClientSessionOptions } from "node:http2";
import type { Clock, Logger, Random } from "@flotilla/base";
import type { SlabFile } from "@flotilla/mvcc";
import type { Entry, HardState, NodeId, SnapshotMeta } from "@flotilla/raft";
import { dial, unary } from "./grpc/client.ts";
import { Machine } from "./node/machine.ts";
import { bootstrapMembers, clusterIdOf, confOf, type Member, parseInitialCluster, sameUrls } from "./node/members.ts";
import type { EtcdConfig } from "./options.ts";
import { PEER_PATH } from "./peer/link.ts";
import { decodeMembers } from "./peer/service.ts";
import { type Disk, pathOf } from "./storage/disk.ts";
import { exportSnapshot } from "./storage/snapshot.ts";
import { SnapshotFiles } from "./storage/snapshot-files.ts";
import { createWal, type Wal } from "./storage/wal.ts";
import { openWal } from "./storage/wal-reader.ts";

/** What a member starts with: who it is, its state, its log. */
export interface Start {
  readonly self: NodeId;
  readonly clusterId: string;
  readonly machine: Machine;
  readonly snapshot: SnapshotMeta;
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  readonly wal: Wal;
  readonly files: SnapshotFiles;
  /** Whom to connect to before the log says it. */
  readonly peers: readonly Member[];
  readonly dataId: string | undefined;
}

export interface StartPorts {
  readonly disk: Disk;
  readonly log: Logger;
  readonly random: Random;
  readonly peerTls: () => SecureClientSessionOptions | undefined;
  readonly onDiskFailure: (error: Error) => void;
  /** Where values go that have no room in memory; without it they all stay there. */
  readonly values?: SlabFile;
  /** How other members are reached; a simulation brings its own way. */
  readonly dial?: typeof dial;
  /** To give up asking members that do not answer. */
  readonly clock?: Clock;
  readonly segment_bytes_max?: number;
}

/** A new cluster begins with this snapshot: nothing stored, the first members. Entries start behind it. */
const BOOTSTRAP = { index: 1, term: 1 };
const NOBODY: SnapshotMeta = { index: 0, term: 0, conf: { voters: [], outgoing: [], learners: [], learnersNext: [] } };

/** Restarts from the data directory, or forms or joins a cluster if there is none. */
export async function prepareStart(config: EtcdConfig, ports: StartPorts, ttl_s_min: number): Promise<Start> {
  const { disk, log } = ports;
  const member = pathOf(config.dataDir, "member");
  disk.mkdir(member);
  const files = new SnapshotFiles(disk, pathOf(member, "snap"), log);
  const walOptions = {
    disk,
    folder: config.walDir || pathOf(member, "wal"),
    onFailure: ports.onDiskFailure,
    segment_bytes_max: ports.segment_bytes_max,
  };
  const newest = files.newest(ttl_s_min, ports.values);
  const machine = new Machine(ttl_s_min, ports.values);
  if (newest) machine.become(newest.machine);
  const snapshot = newest?.header?.meta ?? NOBODY;
  const opened = await openWal(walOptions, snapshot.index);
  if (opened) {
    const { meta, hardState } = opened.contents;
    const entries = behind(snapshot, opened.contents.entries);
    log.info("restarting from the data directory", { snapshot: snapshot.index, entries: entries.length, term: hardState?.term });
    // A member that has not got its first snapshot yet knows nobody whom it could answer.
    const peers = machine.members.size > 0 ? [...machine.members.values()] : (await mustAsk(config, ports)).members;
    return {
      self: Number(meta.memberId),
      clusterId: meta.clusterId,
      machine,
      snapshot,
      hardState: hardState,
      dataId: meta.dataId,
      entries,
      wal: opened.wal,
      files,
      peers,
    };
  }
  if (snapshot.index > BOOTSTRAP.index) {
    throw new Error(
      `${walOptions.folder} holds no log, but there is a snapshot of entry ${snapshot.index}: the log was lost. ${STARTING_OVER}`,
    );
  }
  if (config.initialClusterState === "existing") return join(config, ports, ttl_s_min, files, walOptions);
  const members = bootstrapMembers(parseInitialCluster(config.initialCluster), config.initialClusterToken);
  const self = members.find((m) => m.name === config.name);
  if (!self) throw new Error(`couldn't find local name "${config.name}" in the initial cluster configuration`);
  if (!sameUrls(self.peerURLs, config.advertisePeerUrls)) {
    throw new Error(
      `--initial-cluster has ${config.name}=${self.peerURLs.join()} but missing from --initial-advertise-peer-urls=${config.advertisePeerUrls.join()}`,
    );
  }
  refuseSecondLife(await remoteMembers(config, ports), self.id, config);
  const founding = { disk, log, onFailure: ports.onDiskFailure, folder: member, walDir: config.walDir, dataId: freshDataId(ports.random) };
  return foundCluster(new Machine(ttl_s_min, ports.values), members, self, config.initialClusterToken, founding);
}

export interface FoundingPorts {
  readonly disk: Disk;
  readonly log: Logger;
  readonly onFailure: (error: Error) => void;
  /** The `member` folder of the data directory. */
  readonly folder: string;
  /** Empty: in that folder. */
  readonly walDir: string;
  /** Left out by whoever only prepares a directory for another start. */
  readonly dataId?: string;
}

const freshDataId = (random: Random) => Buffer.from(random.bytes(8)).toString("hex");

/** A new cluster's data directory, beginning with the state in `machine`: nothing, or what was restored. */
export async function foundCluster(
  machine: Machine,
  members: readonly Member[],
  self: Member,
  token: string,
  { disk, log, onFailure, folder, walDir, dataId }: FoundingPorts,
): Promise<Start> {
  disk.mkdir(folder);
  const files = new SnapshotFiles(disk, pathOf(folder, "snap"), log);
  const ids = members.map((m) => m.id);
  const clusterId = String(clusterIdOf(ids, token));
  const first: SnapshotMeta = { ...BOOTSTRAP, conf: confOf(members) };
  machine.members = new Map(members.map((m) => [m.id, m]));
  machine.applied = first.index;
  machine.appliedTerm = first.term;
  const file = await files.create(first.index, first.term);
  for (const piece of exportSnapshot(machine, first, clusterId)) await file.write(piece);
  await file.commit();
  const hardState = { term: first.term, vote: 0, commit: first.index };
  const meta = { memberId: String(self.id), clusterId, dataId };
  const walOptions = { disk, folder: walDir || pathOf(folder, "wal"), onFailure, meta };
  const wal = await createWal(walOptions, first.index + 1, hardState);
  log.info("new cluster", { clusterId, member: self.id, members: members.map((m) => m.name) });
  return { self: self.id, clusterId, machine, snapshot: first, hardState, entries: [], wal, files, peers: members, dataId };
}

/** A member that was added to a running cluster: it gets its state from the leader. */
async function join(
  config: EtcdConfig,
  ports: StartPorts,
  ttl_s_min: number,
  files: SnapshotFiles,
  walOptions: { disk: Disk; folder: string; onFailure: (error: Error) => void; segment_bytes_max: number | undefined },
): Promise<Start> {
  const remote = await mustAsk(config, ports);
  const self = remote.members.find((m) => sameUrls(m.peerURLs, config.advertisePeerUrls));
  if (!self)
    throw new Error(`the cluster has no member with the peer URLs ${config.advertisePeerUrls.join()}; add it first (etcdctl member add)`);
  refuseSecondLife(remote, self.id, config);
  const dataId = freshDataId(ports.random);
  const wal = await createWal({ ...walOptions, meta: { memberId: String(self.id), clusterId: remote.clusterId, dataId } }, 1, undefined);
  ports.log.info("joining", { clusterId: remote.clusterId, member: self.id });
  const machine = new Machine(ttl_s_min, ports.values);
  return {
    self: self.id,
    clusterId: remote.clusterId,
    dataId,
    machine,
    snapshot: NOBODY,
    hardState: undefined,
    entries: [],
    wal,
    files,
    peers: remote.members,
  };
}

const STARTING_OVER =
  "Remove the member from the cluster and add it again (etcdctl member remove, etcdctl member add), wipe its data directory, " +
  "and start it with --initial-cluster-state=existing.";

/**
 * A member that has lost its disk must not come back as who it was: it would
 * have forgotten votes and entries that it has promised to keep (paper §5.1,
 * figure 2, persistent state). That it has run before is known from its client
 * URLs, which it tells the others when it starts.
 * @throws Error as etcd words it, and what to do.
 */
function refuseSecondLife(remote: Remote | undefined, self: NodeId, config: EtcdConfig): void {
  const known = remote?.members.find((m) => m.id === self) ?? remote?.members.find((m) => sameUrls(m.peerURLs, config.advertisePeerUrls));
  if (!known || known.clientURLs.length === 0) return;
  const id = known.id.toString(16);
  throw new Error(`member ${id} has already been bootstrapped, but its data directory ${config.dataDir} holds nothing. ${STARTING_OVER}`);
}

interface Remote {
  readonly clusterId: string;
  readonly members: Member[];
}

/** As etcd: who does not answer within this is not waited for. */
const ASK_MS_MAX = 1000;

/**
 * The entries that follow the snapshot. Terms never fall in a log: what is of an
 * older term than the snapshot was left there by a deposed leader, and the
 * process ended between saving the snapshot and noting in the log that it
 * replaces them.
 */
function behind(snapshot: SnapshotMeta, entries: readonly Entry[]): readonly Entry[] {
  const stale = entries.findIndex((e) => e.term < snapshot.term);
  return stale < 0 ? entries : entries.slice(0, stale);
}

async function mustAsk(config: EtcdConfig, ports: StartPorts): Promise<{ clusterId: string; members: Member[] }> {
  const remote = await remoteMembers(config, ports);
  if (!remote) throw new Error("cannot fetch cluster info from peer urls: could not retrieve cluster information from the given URLs");
  return remote;
}

/** Asks the others of --initial-cluster who is in the cluster. */
async function remoteMembers(config: EtcdConfig, ports: StartPorts): Promise<Remote | undefined> {
  const others = [...parseInitialCluster(config.initialCluster)].filter(([name]) => name !== config.name).flatMap(([, urls]) => urls);
  for (const url of others) {
    let fail = (_error: Error) => {};
    const broken = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const connection = (ports.dial ?? dial)(
      url,
      ports.peerTls(),
      () => {},
      (error) => fail(error ?? new Error("closed")),
    );
    const timer = ports.clock?.setTimeout(() => fail(new Error(`no answer within ${ASK_MS_MAX} ms`)), ASK_MS_MAX);
    try {
      return decodeMembers(await Promise.race([unary(connection.session, `${PEER_PATH}/Members`, Buffer.alloc(0)), broken]));
    } catch (error) {
      ports.log.warn("member could not be asked", { url, error: (error as Error).message });
    } finally {
      timer?.cancel();
      broken.catch(() => {});
      connection.close();
    }
  }
  return undefined;
}
