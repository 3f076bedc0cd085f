import type { Container } from "@flotilla/api";
import { sleep } from "@flotilla/base";
import { httpGet, tcpConnect } from "../probes/network.ts";
import { httpTarget, resolvePort } from "../probes/targets.ts";
import type { Kit } from "./kit.ts";

export type Hook = NonNullable<NonNullable<Container["lifecycle"]>["preStop"]>;

/** Runs a lifecycle hook to its end. @throws Error that says how it failed. */
export async function runHook(
  kit: Kit,
  hook: Hook,
  container: Container,
  containerId: string,
  podIP: string,
  limit_ms: number,
): Promise<void> {
  if (hook.exec) {
    const command = hook.exec.command ?? [];
    const result = await kit.runtime.execSync(containerId, command, Math.ceil(limit_ms / 1000));
    if (result.exitCode === 0) return;
    const output = Buffer.concat([result.stdout, result.stderr]).toString("utf8");
    throw new Error(`command '${command.join(" ")}' exited with ${result.exitCode}: ${output}`);
  }
  if (hook.httpGet) {
    const target = httpTarget(hook.httpGet, container, podIP);
    if (!target) throw new Error("couldn't find port for hook");
    await httpGet(target, limit_ms);
    return;
  }
  if (hook.tcpSocket) {
    const port = resolvePort(hook.tcpSocket.port as never, container);
    if (port !== undefined) await tcpConnect(hook.tcpSocket.host || podIP, port, limit_ms);
    return;
  }
  if (hook.sleep) await sleep(kit.clock, Math.min(hook.sleep.seconds * 1000, limit_ms));
}
