import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { Backoff, type Clock, type Logger, type Random, type Timer } from "@flotilla/base";
import { isAlive, signal } from "@flotilla/cri/process/proc.ts";
import { type ProcessRecord, readRecord, writeRecord } from "./record.ts";

export interface ProcessSpec {
  /** "kubelet", "cri", "relay". */
  component: string;
  /** Asked at every start: the way into a machine may change. */
  argv: () => string[];
  env: Record<string, string>;
  logFile: string;
  recordFile: string;
  /** Gives a descriptor to hand down as number 3; released once the process has it. */
  inherit?: () => Promise<InheritedDescriptor>;
}

export interface InheritedDescriptor {
  fd: number;
  release(): void;
}

type State =
  | { kind: "stopped" }
  | { kind: "running"; record: ProcessRecord; since_ms: number; watch: Timer | undefined }
  | { kind: "waiting"; timer: Timer }
  | { kind: "opening" };

const ADOPTED_POLL_MS = 100;
const STABLE_MS = 10_000;
const EXIT_POLL_MS = 10;

/**
 * One process that is kept running, across our own death too.
 *
 * Owns: the process's record file and its restarts. Invariants: 1. at most one
 * process per record file runs. 2. It is started detached with a log file of its
 * own, so that it does not notice our end; the next flotillad adopts it by pid
 * and start time.
 */
export class Supervised {
  readonly spec: ProcessSpec;
  private state: State = { kind: "stopped" };
  private restarts = 0;
  private readonly backoff: Backoff;
  private readonly clock: Clock;
  private readonly log: Logger;

  constructor(spec: ProcessSpec, ports: { clock: Clock; random: Random; log: Logger }) {
    this.spec = spec;
    this.clock = ports.clock;
    this.log = ports.log.with({ process: spec.component });
    this.backoff = new Backoff({ initial_ms: 50, max_ms: 5000 }, ports.random);
  }

  start(): void {
    if (this.state.kind !== "stopped") return;
    const record = readRecord(this.spec.recordFile);
    this.restarts = record?.restarts ?? 0;
    if (record && isAlive(record)) this.adopt(record);
    else this.spawn();
  }

  get process(): ProcessRecord | undefined {
    return this.state.kind === "running" && isAlive(this.state.record) ? this.state.record : undefined;
  }

  /** Whether a process from an earlier life still runs. */
  adoptable(): boolean {
    return isAlive(readRecord(this.spec.recordFile));
  }

  get restartCount(): number {
    return this.restarts;
  }

  /** Ends it for good; SIGKILL after `grace_ms`. */
  async stop(grace_ms: number): Promise<void> {
    const state = this.state;
    this.state = { kind: "stopped" };
    if (state.kind === "waiting") state.timer.cancel();
    if (state.kind !== "running") return;
    state.watch?.cancel();
    await endProcess(this.clock, state.record, grace_ms);
  }

  /** Ends it; it comes back at once, without back-off. */
  async restart(grace_ms: number): Promise<void> {
    const running = this.process;
    await this.stop(grace_ms);
    if (running) this.restarts++;
    this.backoff.reset(this.spec.component);
    this.spawn();
  }

  private adopt(record: ProcessRecord): void {
    this.log.info("adopted", { pid: record.pid });
    const watch = this.clock.setInterval(() => {
      if (!isAlive(record)) this.ended(record, watch);
    }, ADOPTED_POLL_MS);
    this.state = { kind: "running", record, since_ms: this.clock.monotonic(), watch };
  }

  private spawn(): void {
    if (!this.spec.inherit) {
      this.launch();
      return;
    }
    const opening: State = { kind: "opening" };
    this.state = opening;
    this.spec.inherit().then(
      (inherited) => {
        if (this.state === opening) this.launch(inherited.fd);
        inherited.release();
      },
      (error) => {
        this.log.error("could not open what it inherits", { error });
        if (this.state === opening) this.again();
      },
    );
  }

  private launch(inherited?: number): void {
    const log = openSync(this.spec.logFile, "a");
    const [command, ...args] = this.spec.argv();
    let child: ChildProcess;
    try {
      child = spawn(command!, args, {
        detached: true,
        env: this.spec.env,
        cwd: "/",
        stdio: ["ignore", log, log, ...(inherited === undefined ? [] : [inherited])],
      });
    } finally {
      closeSync(log);
    }
    child.on("error", (error) => this.log.error("could not start", { error }));
    child.unref();
    const record = child.pid === undefined ? undefined : writeRecord(this.spec.recordFile, child.pid, this.restarts);
    if (!record) {
      this.again();
      return;
    }
    this.state = { kind: "running", record, since_ms: this.clock.monotonic(), watch: undefined };
    child.once("exit", (code, why) => {
      this.log.debug("exited", { pid: record.pid, code, signal: why });
      this.ended(record, undefined);
    });
  }

  private ended(record: ProcessRecord, watch: Timer | undefined): void {
    watch?.cancel();
    if (this.state.kind !== "running" || this.state.record !== record) return;
    if (this.clock.monotonic() - this.state.since_ms > STABLE_MS) this.backoff.reset(this.spec.component);
    this.again();
  }

  private again(): void {
    const delay_ms = this.backoff.next(this.spec.component);
    this.restarts++;
    this.log.info("restarting", { delay_ms, restarts: this.restarts });
    this.state = { kind: "waiting", timer: this.clock.setTimeout(() => this.spawn(), delay_ms) };
  }
}

/** SIGTERM, then SIGKILL; resolves when it is gone. */
export async function endProcess(clock: Clock, id: ProcessRecord | { pid: number; start_ticks: string }, grace_ms: number): Promise<void> {
  if (grace_ms > 0) signal(id, "SIGTERM");
  const end_ms = clock.monotonic() + grace_ms;
  while (isAlive(id)) {
    if (clock.monotonic() >= end_ms) signal(id, "SIGKILL");
    await new Promise<void>((resolve) => clock.setTimeout(resolve, EXIT_POLL_MS));
  }
}
