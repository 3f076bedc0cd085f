/**
 * Sessions with the real etcdctl as files that can be read as documentation and
 * run as tests: shell commands behind "$ ", each followed by what it printed.
 *
 *   # Text for the reader.
 *   @members 3
 *   @flags --max-txn-ops=4
 *   @ours why real etcd need not answer the same
 *
 *   $ etcdctl put greeting hello
 *   OK
 *
 * A command may go on over lines that begin with "> ". All commands of a file
 * run in one shell; $M0, $M0_PEER are the first member's addresses, $SPARE0 and
 * $SPARE1 free ones, $ETCD starts our store. What differs from run to run (ids, addresses, times) is
 * replaced by names. With UPDATE_TESTDATA=1 the outputs are written anew.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StoreClient, waitForLeader } from "../testing/client.ts";
import { freePorts, type Kind, StoreCluster } from "../testing/processes.ts";

export interface Transcript {
  readonly members: number;
  readonly flags: string[];
  /** Set when only our store is meant. */
  readonly ours: string | undefined;
  readonly lines: string[];
}

export function readTranscript(path: string): Transcript {
  const lines = readFileSync(path, "utf8").split("\n");
  const directive = (name: string) => lines.find((l) => l.startsWith(`@${name} `))?.slice(name.length + 2);
  return {
    members: Number(directive("members") ?? 1),
    flags: directive("flags")?.split(/\s+/) ?? [],
    ours: directive("ours"),
    lines,
  };
}

/** Runs every command; returns the file as it should be. */
export async function play(transcript: Transcript, kind: Kind): Promise<string> {
  const extra = kind === "etcd" ? ["--logger=zap", "--enable-v2=false"] : [];
  const cluster = await StoreCluster.start(kind, transcript.members, [...transcript.flags, ...extra]);
  const spare = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
  const shell = new Shell(cluster, spare);
  const clients = cluster.members.map((m) => new StoreClient(m.clientUrl));
  try {
    await waitForLeader(clients, TIMEOUT_MS);
    const names = new Names(cluster, spare);
    names.learn(await published(shell, transcript.members));
    const out: string[] = [];
    for (let i = 0; i < transcript.lines.length; ) {
      const line = transcript.lines[i++]!;
      out.push(line);
      if (!line.startsWith("$ ")) continue;
      const command = [line.slice(2)];
      for (; /^>( |$)/.test(transcript.lines[i] ?? ""); i++) {
        out.push(transcript.lines[i]!);
        command.push(transcript.lines[i]!.slice(2));
      }
      const text = names.replace(await shell.run(command.join("\n")));
      if (text) out.push(text);
      // What was there before as output goes, up to the next command or comment.
      while (i < transcript.lines.length && !/^[$#] /.test(transcript.lines[i]!)) i++;
      out.push("");
    }
    return out.join("\n");
  } finally {
    for (const c of clients) c.close();
    shell.close();
    await cluster.destroy();
  }
}

/** Every member has told its name and addresses. */
async function published(shell: Shell, members: number): Promise<string> {
  for (const end = performance.now() + TIMEOUT_MS; ; ) {
    const list = await shell.run("etcdctl member list -w json");
    if (list.split('"clientURLs"').length > members) return list;
    if (performance.now() > end) throw new Error(`not every member has come up:\n${await shell.run("tail -n 3 *.log")}`);
  }
}

/** Plays a file against our store, and against real etcd where it is installed: both must say what the file says. */
export async function check(path: string, etcdIsHere: boolean): Promise<void> {
  const transcript = readTranscript(path);
  const expected = transcript.lines.join("\n");
  const ours = await play(transcript, "source");
  if (process.env["UPDATE_TESTDATA"]) writeFileSync(path, ours);
  else compare("our store", expected, ours, path);
  if (etcdIsHere && transcript.ours === undefined) compare("real etcd", ours, await play(transcript, "etcd"), path);
}

function compare(who: string, expected: string, actual: string, path: string): void {
  const [a, b] = [expected.split("\n"), actual.split("\n")];
  const at = a.findIndex((line, i) => line !== b[i]);
  if (at < 0 && a.length === b.length) return;
  const from = Math.max(0, at - 4);
  throw new Error(
    `${path}:${at + 1}: ${who} answers differently\n--- expected\n${a.slice(from, at + 6).join("\n")}\n--- got\n${b.slice(from, at + 6).join("\n")}`,
  );
}

export const hasEtcdctl = () => spawnSync("etcdctl", ["version"]).status === 0;

const which = (command: string) => spawnSync("sh", ["-c", `command -v ${command}`], { encoding: "utf8" }).stdout.trim();

/** All members are asked, unless the command says whom. etcdctl refuses to be told by flag and environment at once. */
const SHIM = `#!/bin/sh
case " $* " in *" --endpoints"*) exec $REAL "$@" ;; esac
exec $REAL --endpoints $ALL "$@"
`;

const TIMEOUT_MS = 60_000;

/** One `sh` for a whole file, so that variables and background jobs live on. */
class Shell {
  private readonly process: ChildProcess;
  private output = "";
  private onOutput = () => {};

  constructor(cluster: StoreCluster, spare: readonly string[]) {
    const bin = join(cluster.folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "etcdctl"), SHIM, { mode: 0o755 });
    const endpoints = cluster.members.map((m) => new URL(m.clientUrl).host).join(",");
    const names = cluster.members.flatMap((m) => [
      [m.name.toUpperCase(), new URL(m.clientUrl).host],
      [`${m.name.toUpperCase()}_PEER`, m.peerUrl],
      [`${m.name.toUpperCase()}_PID`, String(m.process?.pid ?? 0)],
    ]);
    for (const [i, address] of spare.entries()) names.push([`SPARE${i}`, address]);
    const etcd = `${process.execPath} ${new URL("../main.ts", import.meta.url).pathname}`;
    this.process = spawn("sh", [], {
      cwd: cluster.folder,
      env: {
        ...process.env,
        ETCDCTL_API: "3",
        REAL: which("etcdctl"),
        ALL: endpoints,
        PATH: `${bin}:${process.env["PATH"]}`,
        ...Object.fromEntries(names),
        ETCD: etcd,
      },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    this.process.stdout!.on("data", (chunk: Buffer) => {
      this.output += chunk.toString("latin1");
      this.onOutput();
    });
    this.process.stdin!.write("exec 2>&1\n");
  }

  async run(command: string): Promise<string> {
    this.output = "";
    this.process.stdin!.write(`{ ${command}\n} </dev/null\nprintf '\\n@@%s@@\\n' $?\n`);
    const deadline = performance.now() + TIMEOUT_MS;
    for (;;) {
      const done = /\n@@(\d+)@@\n$/.exec(this.output);
      if (done) {
        const text = this.output.slice(0, done.index).replace(/\n$/, "");
        return done[1] === "0" ? text : `${text ? `${text}\n` : ""}(exit ${done[1]})`;
      }
      if (performance.now() > deadline) throw new Error(`no answer to: ${command}\n${this.output}`);
      await new Promise<void>((resolve) => {
        this.onOutput = resolve;
        setTimeout(resolve, 500);
      });
    }
  }

  close(): void {
    try {
      process.kill(-this.process.pid!, "SIGKILL");
    } catch {
      // It is gone already.
    }
  }
}

/** Replaces what differs between runs by names that say what it is. */
class Names {
  private readonly known: [string, string][] = [];
  private leases = 0;

  constructor(cluster: StoreCluster, spare: readonly string[]) {
    for (const [i, address] of spare.entries()) this.known.push([address, `spare${i}`]);
    for (const m of cluster.members) {
      this.known.push([new URL(m.clientUrl).host, `${m.name}:2379`], [new URL(m.peerUrl).host, `${m.name}:2380`]);
    }
    this.known.push([cluster.folder, "."]);
  }

  /** The ids of members and cluster, from `member list -w json`. */
  learn(json: string): void {
    const clusterId = /"cluster_id":(\d+)/.exec(json)?.[1];
    this.id(clusterId, "CLUSTER");
    for (const [, id, name] of json.matchAll(/"ID":(\d+),"name":"([^"]*)"/g)) this.id(id, `ID-${name}`);
  }

  replace(text: string): string {
    for (const [, id] of text.matchAll(/\blease ([0-9a-f]{16}) granted/g)) this.id(BigInt(`0x${id}`).toString(), `LEASE-${++this.leases}`);
    let out = text
      .split("\n")
      .filter((line) => !line.startsWith('{"level"'))
      .join("\n");
    for (const [from, to] of this.known) out = out.replaceAll(from, to);
    return out
      .replace(/(took = |took: ?|in )[\d.]+(ns|µs|Âµs|ms|s)\b/g, "$1TIME")
      .replace(/"raft_term":\d+/g, '"raft_term":TERM')
      .replace(/[ \t]+$/gm, "")
      .trimEnd();
  }

  private id(decimal: string | undefined, name: string): void {
    if (!decimal) return;
    const hex = BigInt(decimal).toString(16);
    this.known.push([decimal, name], [hex.padStart(16, "0"), name], [hex, name]);
  }
}
