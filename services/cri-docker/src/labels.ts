import type { ContainerMetadata, PodSandboxMetadata } from "@flotilla/cri/messages.ts";

/**
 * What a Docker container remembers about its pod. Everything CRI asks back is
 * in labels, so that the daemon is the only store and an adapter can be replaced at any time.
 */
export const KIND = "flotilla.cri.kind";
const CONFIG = "flotilla.cri.config";
/** As dockershim set them: other tools look for these. */
const SANDBOX_ID = "io.kubernetes.sandbox.id";

export interface SandboxFacts {
  metadata: PodSandboxMetadata;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  created_ms: number;
  hostNetwork: boolean;
  namespaces: { network: number; pid: number; ipc: number };
}

export interface ContainerFacts {
  metadata: ContainerMetadata;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  created_ms: number;
  image: string;
  logPath: string;
  tty: boolean;
  stdin: boolean;
  stdinOnce: boolean;
}

export function sandboxLabels(machine: Record<string, string>, facts: SandboxFacts): Record<string, string> {
  return { ...facts.labels, ...machine, [KIND]: "sandbox", [CONFIG]: JSON.stringify(facts) };
}

export function containerLabels(machine: Record<string, string>, sandboxId: string, facts: ContainerFacts): Record<string, string> {
  return { ...facts.labels, ...machine, [KIND]: "container", [SANDBOX_ID]: sandboxId, [CONFIG]: JSON.stringify(facts) };
}

/** Whether a container's labels are complete: others may have set a few of them. */
export function hasFacts(labels: Record<string, string>): boolean {
  return labels[CONFIG]?.startsWith('{"metadata":') ?? false;
}

/** Of labels that are complete. */
export function factsOf<T extends SandboxFacts | ContainerFacts>(labels: Record<string, string>): T {
  return JSON.parse(labels[CONFIG] ?? "null") as T;
}

export function sandboxIdOf(labels: Record<string, string>): string {
  return labels[SANDBOX_ID] ?? "";
}

/** The filter for GET /containers/json: this machine's, of one kind. */
export function listFilter(machine: Record<string, string>, kind: "sandbox" | "container", extra: string[] = []): { label: string[] } {
  return { label: [`${KIND}=${kind}`, ...Object.entries(machine).map(([key, value]) => `${key}=${value}`), ...extra] };
}

/** dockershim's name: readable in `docker ps`, and unique while it lasts. */
export function containerName(container: string, pod: PodSandboxMetadata, attempt: number): string {
  const clean = (part: string) => part.replaceAll(/[^a-zA-Z0-9.-]/g, "-");
  return ["k8s", container, pod.name, pod.namespace, pod.uid, String(attempt)].map(clean).join("_");
}
