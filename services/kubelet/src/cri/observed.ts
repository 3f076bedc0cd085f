import * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import { ANNOTATION, LABEL } from "./labels.ts";

/** A pod as the runtime sees it: the input of every decision. Newest sandbox and newest container first. */
export interface ObservedPod {
  uid: string;
  name: string;
  namespace: string;
  sandboxes: ObservedSandbox[];
  containers: ObservedContainer[];
}

export interface ObservedSandbox {
  id: string;
  attempt: number;
  ready: boolean;
  createdAt_ms: number;
  /** Empty for the host's network, and until the sandbox has an address. */
  ips: string[];
}

export interface ObservedContainer {
  id: string;
  name: string;
  sandboxId: string;
  restartCount: number;
  state: "created" | "running" | "exited" | "unknown";
  createdAt_ms: number;
  startedAt_ms: number;
  finishedAt_ms: number;
  exitCode: number;
  reason: string;
  message: string;
  image: string;
  imageRef: string;
  hash: string;
  logPath: string;
  annotations: Record<string, string>;
}

export const emptyObservation = (uid: string, name = "", namespace = ""): ObservedPod => ({
  uid,
  name,
  namespace,
  sandboxes: [],
  containers: [],
});

const STATES = {
  [cri.ContainerState.CONTAINER_CREATED]: "created",
  [cri.ContainerState.CONTAINER_RUNNING]: "running",
  [cri.ContainerState.CONTAINER_EXITED]: "exited",
  [cri.ContainerState.CONTAINER_UNKNOWN]: "unknown",
} as const;

export function containerState(state: cri.ContainerState): ObservedContainer["state"] {
  return STATES[state as keyof typeof STATES] ?? "unknown";
}

/** CRI carries times as decimal nanoseconds. */
export function ms(nanoseconds: string): number {
  return Number(BigInt(nanoseconds || "0") / 1_000_000n);
}

export function observedContainer(listed: cri.Container, detail: cri.ContainerStatus): ObservedContainer {
  const annotations = { ...listed.annotations, ...detail.annotations };
  return {
    id: listed.id,
    name: listed.labels[LABEL.containerName] ?? listed.metadata?.name ?? "",
    sandboxId: listed.podSandboxId,
    restartCount: Number(annotations[ANNOTATION.restartCount] ?? listed.metadata?.attempt ?? 0),
    state: containerState(detail.state),
    createdAt_ms: ms(detail.createdAt),
    startedAt_ms: ms(detail.startedAt),
    finishedAt_ms: ms(detail.finishedAt),
    exitCode: detail.exitCode,
    reason: detail.reason,
    message: detail.message,
    image: detail.image?.image || listed.image?.image || "",
    imageRef: detail.imageRef || listed.imageRef,
    hash: annotations[ANNOTATION.hash] ?? "",
    logPath: detail.logPath,
    annotations,
  };
}

/** The latest container of that name, if there was ever one. */
export function latest(observed: ObservedPod, name: string): ObservedContainer | undefined {
  return observed.containers.find((c) => c.name === name);
}

export function hasRunning(observed: ObservedPod): boolean {
  return observed.containers.some((c) => c.state === "running") || observed.sandboxes.some((s) => s.ready);
}

/** Equal exactly when nothing that a decision depends on has changed. */
export function fingerprint(pod: { sandboxes: { id: string; ready: boolean }[]; containers: { id: string; state: string }[] }): string {
  const parts = [...pod.sandboxes.map((s) => `${s.id}=${s.ready}`), ...pod.containers.map((c) => `${c.id}=${c.state}`)];
  return parts.sort().join(" ");
}
