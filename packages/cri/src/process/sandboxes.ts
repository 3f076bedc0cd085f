import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { NamespaceMode, type PodSandboxConfig, PodSandboxState } from "@flotilla/rpc/gen/cri/v1/api.ts";
import { podAttachment } from "../cni/attachment.ts";
import { isConnected } from "../cni/interfaces.ts";
import type { Attachment } from "../cni/types.ts";
import { criErrors } from "../errors.ts";
import { resolvConf } from "../resolv-conf.ts";
import { findSandbox, isHostNetwork, newId, type ProcessContext } from "./context.ts";
import { isAlive, type ProcessId, readStat, signal } from "./proc.ts";
import type { SandboxState } from "./state.ts";
import { TOOL_ENV, tool } from "./tools.ts";

/**
 * Sandboxes of the process handler. A pod with its own network has one pause
 * process (40 KB) that holds its net, uts and ipc namespaces; a host-network pod
 * has no process at all.
 */
export function createSandboxes(context: ProcessContext) {
  return {
    async run(config: PodSandboxConfig): Promise<string> {
      if (!config.metadata) throw criErrors.missing("config.metadata");
      const id = newId(context.random);
      const sandbox: SandboxState = {
        id,
        config,
        created_ms: context.clock.now(),
        machine_net: context.machineNet,
        pause: undefined,
        ips: [],
        stopped: false,
        networked: false,
      };
      if (!isHostNetwork(sandbox)) {
        sandbox.pause = await startPause(context, sandbox);
        try {
          Object.assign(sandbox, await context.network.add(attachment(sandbox)));
        } catch (error) {
          signal(sandbox.pause, "SIGKILL");
          throw error;
        }
        sandbox.networked = true;
      }
      context.sandboxFolder.save(sandbox);
      const resolv = resolvConf(config.dnsConfig);
      if (resolv !== undefined) writeFileSync(context.sandboxFolder.path(id, "resolv.conf"), resolv);
      context.sandboxes.set(id, sandbox);
      return id;
    },

    async stop(id: string): Promise<void> {
      const sandbox = findSandbox(context, id);
      if (!sandbox) return;
      if (sandbox.networked) {
        await context.network.remove(attachment(sandbox));
        sandbox.networked = false;
      }
      signal(sandbox.pause, "SIGKILL");
      sandbox.stopped = true;
      context.sandboxFolder.save(sandbox);
    },

    remove(id: string): void {
      const sandbox = findSandbox(context, id);
      if (!sandbox) return;
      context.sandboxes.delete(sandbox.id);
      context.sandboxFolder.remove(sandbox.id);
    },

    state(sandbox: SandboxState): PodSandboxState {
      return isReady(context, sandbox) ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY;
    },
  };
}

export function isReady(context: ProcessContext, sandbox: SandboxState): boolean {
  if (sandbox.stopped) return false;
  return isHostNetwork(sandbox)
    ? sandbox.machine_net === context.machineNet
    : isAlive(sandbox.pause) && isConnected(sandbox.hostInterfaces ?? []);
}

function attachment(sandbox: SandboxState): Attachment {
  // When pause has ended its number may be another process's by now.
  const netns = sandbox.pause && isAlive(sandbox.pause) ? `/proc/${sandbox.pause.pid}/ns/net` : "";
  return podAttachment(sandbox.id, netns, sandbox.config);
}

async function startPause(context: ProcessContext, sandbox: SandboxState): Promise<ProcessId> {
  const shared = sandbox.config.linux?.securityContext?.namespaceOptions?.pid === NamespaceMode.POD;
  const flags = ["--net", "--uts", "--ipc", ...(shared ? ["--pid", "--fork", "--kill-child"] : [])];
  const child = spawn(tool("unshare"), [...flags, "--", context.pausePath, sandbox.config.hostname], {
    detached: true,
    env: TOOL_ENV,
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  child.unref();
  const errors: Buffer[] = [];
  child.stderr!.on("data", (chunk: Buffer) => errors.push(chunk));
  const failed = new Promise<never>((_, reject) => {
    child.on("error", (error) => reject(criErrors.failed("failed to start the sandbox", error.message)));
    child.on("exit", () => reject(criErrors.failed("failed to start the sandbox", Buffer.concat(errors).toString().trim() || "it ended")));
  });
  failed.catch(() => {}); // also ends, later, without anyone waiting
  const ready = child.stdio[3] as Readable;
  ready.resume();
  // With --fork, unshare keeps descriptor 3 open as well: pause's own copy can't be told apart, so its child is awaited.
  await Promise.race([failed, shared ? childOf(context, child.pid!) : once(ready, "end")]);
  child.stderr!.destroy();
  ready.destroy();
  const pid = shared ? await childOf(context, child.pid!) : child.pid!;
  const stat = readStat(pid);
  if (!stat) throw criErrors.failed("failed to start the sandbox", "it ended");
  return { pid, start_ticks: stat.start_ticks };
}

const CHILD_POLL_MS = 2;
const CHILD_LIMIT_MS = 5000;

/** The pause process below `unshare --fork`, once it runs the pause program. */
async function childOf(context: ProcessContext, parent: number): Promise<number> {
  const deadline = context.clock.monotonic() + CHILD_LIMIT_MS;
  while (context.clock.monotonic() < deadline) {
    try {
      const pid = Number(readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ")[0]);
      if (pid > 0 && readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "pause") return pid;
    } catch {
      // not there yet
    }
    await new Promise<void>((resolve) => context.clock.setTimeout(resolve, CHILD_POLL_MS));
  }
  throw criErrors.failed("failed to start the sandbox", "its process did not appear");
}
