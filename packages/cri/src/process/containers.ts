import { readFileSync, statSync } from "node:fs";
import { sleep } from "@flotilla/base";
import { type ContainerConfig, ContainerState, type PodSandboxConfig } from "@flotilla/rpc/gen/cri/v1/api.ts";
import { criErrors } from "../errors.ts";
import { findImage } from "../images.ts";
import { LogPump } from "../log/pump.ts";
import { findContainer, needContainer, needSandbox, newId, type ProcessContext } from "./context.ts";
import { isAlive, type ProcessId, signal } from "./proc.ts";
import { isReady } from "./sandboxes.ts";
import { startProcesses } from "./start.ts";
import type { ContainerRecord } from "./state.ts";
import { closeStdin } from "./stdin.ts";

const KILLED = 128 + 9;
/** What Docker and containerd report of a container whose command could not be started. */
const NOT_STARTED = 128;
const STOP_POLL_MS = 10;
const KILL_GRACE_MS = 2000;
const KILL_LIMIT_MS = 10_000;

export type Containers = ReturnType<typeof createContainers>;

/**
 * Containers of the process handler. Invariants:
 * 1. A record on disk is the truth after a restart; a running one is adopted by
 *    its processes' numbers and start times.
 * 2. A container turns "exited" only after its log is complete.
 */
export function createContainers(context: ProcessContext) {
  const pumps = new Map<string, LogPump>();

  const pumpOf = (record: ContainerRecord): LogPump | undefined => {
    if (!record.logPath) return undefined;
    let pump = pumps.get(record.id);
    if (!pump) {
      pump = new LogPump(context.containerFolder.path(record.id), record.logPath, context.clock);
      pumps.set(record.id, pump);
    }
    return pump;
  };

  const save = (record: ContainerRecord) => context.containerFolder.save(record);

  /** Looks whether a running container has ended, and if so records how. */
  const refresh = (record: ContainerRecord): ContainerRecord => {
    const { phase } = record;
    if (phase.kind !== "running") return record;
    // In this order: the wrapper writes the code as its last act, so a dead one has written it.
    const alive = isAlive(phase.main) || isAlive(phase.wrapper);
    const exit = readExit(context.containerFolder.path(record.id, "exit"));
    if (alive && !exit) return record;
    finish(record, phase.started_ms, exit);
    return record;
  };

  const finish = (record: ContainerRecord, started_ms: number, exit: { code: number; at_ms: number } | undefined) => {
    pumpOf(record)?.pump(true);
    pumps.get(record.id)?.close();
    pumps.delete(record.id);
    closeStdin(record.id);
    killLeftOvers(record);
    const exit_code = exit?.code ?? KILLED;
    const finished_ms = exit?.at_ms ?? context.clock.now();
    record.phase = {
      kind: "exited",
      started_ms,
      finished_ms,
      exit_code,
      reason: context.cgroups.outOfMemory(record.cgroups) ? "OOMKilled" : exitReason(exit_code),
      message: "",
    };
    save(record);
  };

  /** Where there is a cgroup, nothing of a container survives it. */
  const killLeftOvers = (record: ContainerRecord) => {
    for (const pid of context.cgroups.processes(record.cgroups)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // ended
      }
    }
  };

  const waitEnd = async (record: ContainerRecord, limit_ms: number): Promise<boolean> => {
    const deadline = context.clock.monotonic() + limit_ms;
    for (;;) {
      if (refresh(record).phase.kind !== "running") return true;
      if (context.clock.monotonic() >= deadline) return false;
      await sleep(context.clock, STOP_POLL_MS);
    }
  };

  const kill = async (record: ContainerRecord) => {
    if (record.phase.kind !== "running") return;
    // The command alone: its parents then record the exit code and end by themselves.
    signal(record.phase.main, "SIGKILL");
    if (await waitEnd(record, KILL_GRACE_MS)) return;
    killLeftOvers(record);
    if (!(await waitEnd(record, KILL_LIMIT_MS))) throw criErrors.failed(`container "${record.id}"`, "it does not end after SIGKILL");
  };

  return {
    refresh,
    pumpOf,
    /** Copies new output of all running containers to their logs. */
    pumpAll(): void {
      for (const record of context.containers.values()) {
        if (record.phase.kind !== "running") continue;
        try {
          pumpOf(record)?.pump();
        } catch (error) {
          context.log.warn("could not write a container's log", { container: record.id, error });
        }
      }
    },

    async create(sandboxId: string, config: ContainerConfig, sandboxConfig: PodSandboxConfig): Promise<string> {
      const sandbox = needSandbox(context, sandboxId);
      if (!isReady(context, sandbox)) throw criErrors.failed(`sandbox "${sandbox.id}"`, "it is not ready");
      if (!config.metadata) throw criErrors.missing("config.metadata");
      const wanted = config.image?.image || "";
      const image = await findImage(context.imageDir, wanted);
      if (!image) throw criErrors.imageNotFound(wanted);
      const id = newId(context.random);
      const logDir = sandboxConfig.logDirectory || sandbox.config.logDirectory;
      const record: ContainerRecord = {
        id,
        sandboxId: sandbox.id,
        config,
        image,
        logPath: config.logPath && logDir ? `${logDir}/${config.logPath}` : "",
        created_ms: context.clock.now(),
        phase: { kind: "created" },
        cgroups: context.cgroups.create(id, config.linux?.resources),
      };
      save(record);
      context.containers.set(id, record);
      return id;
    },

    async start(id: string): Promise<void> {
      const record = needContainer(context, id);
      if (record.phase.kind !== "created") throw criErrors.wrongState(id, record.phase.kind, "created");
      const started_ms = context.clock.now();
      try {
        const { wrapper, main } = await startProcesses(context, record, () => refresh(record));
        record.phase = { kind: "running", wrapper, main, started_ms };
        save(record);
      } catch (error) {
        const finished_ms = context.clock.now();
        record.phase = {
          kind: "exited",
          started_ms,
          finished_ms,
          exit_code: NOT_STARTED,
          reason: "StartError",
          message: (error as Error).message,
        };
        save(record);
        throw error;
      }
      // A container that never prints has a log, too: an empty one.
      pumpOf(record)?.pump();
      refresh(record);
    },

    async stop(id: string, timeout_s: number): Promise<void> {
      const record = findContainer(context, id);
      if (!record || refresh(record).phase.kind !== "running") return;
      if (timeout_s > 0 && record.phase.kind === "running") {
        signal(record.phase.main, "SIGTERM");
        if (await waitEnd(record, timeout_s * 1000)) return;
      }
      await kill(record);
    },

    async remove(id: string): Promise<void> {
      const record = findContainer(context, id);
      if (!record) return;
      await kill(refresh(record));
      pumps.get(record.id)?.close();
      pumps.delete(record.id);
      context.containers.delete(record.id);
      for (let tries = 0; !context.cgroups.remove(record.cgroups) && tries < 50; tries++) await sleep(context.clock, STOP_POLL_MS);
      context.containerFolder.remove(record.id);
    },

    kill,
    main(record: ContainerRecord): ProcessId {
      if (refresh(record).phase.kind !== "running") throw criErrors.wrongState(record.id, record.phase.kind, "running");
      return (record.phase as { main: ProcessId }).main;
    },

    closePumps(): void {
      for (const pump of pumps.values()) pump.close();
    },
  };
}

export function criState(record: ContainerRecord): ContainerState {
  const states = {
    created: ContainerState.CONTAINER_CREATED,
    running: ContainerState.CONTAINER_RUNNING,
    exited: ContainerState.CONTAINER_EXITED,
  };
  return states[record.phase.kind];
}

function exitReason(code: number): string {
  return code === 0 ? "Completed" : "Error";
}

function readExit(path: string): { code: number; at_ms: number } | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return text.endsWith("\n") ? { code: Number(text), at_ms: statSync(path).mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}
