import type { Container } from "@flotilla/api";
import type { Runtime } from "../cri/runtime.ts";
import { messageOf } from "../errors.ts";
import { HealthClient } from "./health.ts";
import type { ProbeSpec } from "./machine.ts";
import { httpGet, tcpConnect } from "./network.ts";
import { httpTarget, resolvePort } from "./targets.ts";

const [CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE] = [1, 4, 14];

export interface ProbeTarget {
  container: Container;
  containerId: string;
  podIP: string;
}

export interface ProbeResult {
  success: boolean;
  output: string;
}

/**
 * Runs one probe once: exec, httpGet, tcpSocket or grpc. Never throws: whatever goes wrong is a failure
 * with its reason, except that a runtime which cannot be asked says nothing about the container (undefined).
 */
export async function runProbe(
  runtime: Runtime,
  spec: ProbeSpec,
  target: ProbeTarget,
  timeout_ms: number,
): Promise<ProbeResult | undefined> {
  const failure = (output: string): ProbeResult => ({ success: false, output });
  try {
    if (spec.exec) return await execProbe(runtime, spec.exec.command ?? [], target, timeout_ms);
    if (spec.httpGet) {
      const to = httpTarget(spec.httpGet, target.container, target.podIP);
      if (!to) return failure("couldn't find port for probe");
      const { status, body } = await httpGet(to, timeout_ms);
      if (status >= 200 && status < 400) return { success: true, output: body };
      return failure(`HTTP probe failed with statuscode: ${status}`);
    }
    if (spec.tcpSocket) {
      const port = resolvePort(spec.tcpSocket.port as never, target.container);
      if (port === undefined) return failure("couldn't find port for probe");
      await tcpConnect(spec.tcpSocket.host || target.podIP, port, timeout_ms);
      return { success: true, output: "" };
    }
    if (spec.grpc) {
      const serving = await HealthClient.check(`${target.podIP}:${spec.grpc.port}`, spec.grpc.service ?? "", timeout_ms);
      return serving ? { success: true, output: "" } : failure("service unhealthy (responded with NOT_SERVING)");
    }
    return { success: true, output: "" };
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (spec.exec && (code === UNAVAILABLE || code === CANCELLED)) return undefined;
    if (spec.exec && code === DEADLINE_EXCEEDED) return failure(`command timed out after ${timeout_ms / 1000}s`);
    return failure(messageOf(error));
  }
}

async function execProbe(runtime: Runtime, command: string[], target: ProbeTarget, timeout_ms: number): Promise<ProbeResult> {
  const result = await runtime.execSync(target.containerId, command, Math.ceil(timeout_ms / 1000));
  const output = Buffer.concat([result.stdout, result.stderr]).toString("utf8");
  return { success: result.exitCode === 0, output };
}
