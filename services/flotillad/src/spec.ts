/** What a cluster is: fixed by its first `up`, kept in `<state>/cluster.json`. */
export interface ClusterSpec {
  name: string;
  controlPlanes: number;
  workers: number;
  /** The workers' default runtime handler. */
  runtime: "docker" | "process";
  failover: "default" | "fast";
  /** On 127.0.0.1. */
  apiPort: number;
  /** Where machines find the API servers' load balancer. */
  loadBalancer: string;
  dockerEndpoint: string;
}

export type Role = "control-plane" | "worker";

export interface MachineSpec {
  name: string;
  role: Role;
  address: string;
}

export class SpecError extends Error {
  override name = "SpecError";
}

const CONTROL_PLANES_MAX = 7;
const WORKERS_MAX = 200;

/** @throws SpecError that names the flag and what it takes. */
export function validateSpec(spec: ClusterSpec): void {
  if (!/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/.test(spec.name)) {
    throw new SpecError(
      `--name "${spec.name}": use up to 32 lower-case letters, digits and "-", beginning and ending with a letter or digit`,
    );
  }
  if (!Number.isInteger(spec.controlPlanes) || spec.controlPlanes < 1 || spec.controlPlanes > CONTROL_PLANES_MAX) {
    throw new SpecError(`--control-planes ${spec.controlPlanes}: use 1 to ${CONTROL_PLANES_MAX}; odd numbers survive best`);
  }
  if (!Number.isInteger(spec.workers) || spec.workers < 0 || spec.workers > WORKERS_MAX) {
    throw new SpecError(`--workers ${spec.workers}: use 0 to ${WORKERS_MAX}`);
  }
}

/** 172.30.0.0/24: control planes from .11, workers from .21 (ARCHITECTURE.md). */
export const GATEWAY = "172.30.0.1";
export const MACHINE_PREFIX_LENGTH = 24;
export const SERVICE_CIDR = "10.96.0.0/12";
export const POD_CIDR = "10.244.0.0/16";
export const API_SERVICE_ADDRESS = "10.96.0.1";
export const DNS_ADDRESS = "10.96.0.10";
export const DNS_DOMAIN = "cluster.local";

export function machinesOf(spec: ClusterSpec): MachineSpec[] {
  const make = (role: Role, prefix: string, count: number, first: number): MachineSpec[] =>
    Array.from({ length: count }, (_, i) => ({ name: `${prefix}${i + 1}`, role, address: `172.30.0.${first + i}` }));
  return [...make("control-plane", "cp", spec.controlPlanes, 11), ...make("worker", "worker", spec.workers, 21)];
}

export function controlPlanesOf(spec: ClusterSpec): MachineSpec[] {
  return machinesOf(spec).filter((machine) => machine.role === "control-plane");
}

/** What a second `up` with other numbers asks for. More workers may join; the rest is fixed. */
export function planChange(before: ClusterSpec, asked: ClusterSpec): { spec: ClusterSpec; refused: string[] } {
  const refused: string[] = [];
  const fixed = (flag: string, was: unknown, want: unknown) => {
    if (was !== want) refused.push(`--${flag} is ${was} and cannot become ${want}`);
  };
  fixed("control-planes", before.controlPlanes, asked.controlPlanes);
  fixed("runtime", before.runtime, asked.runtime);
  fixed("failover", before.failover, asked.failover);
  if (asked.workers < before.workers) refused.push(`--workers is ${before.workers} and cannot shrink to ${asked.workers}`);
  return { spec: { ...before, workers: Math.max(before.workers, asked.workers) }, refused };
}
