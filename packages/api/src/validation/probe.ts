/** Probes and lifecycle hooks. */
import type { FieldErrors } from "../field-error.ts";
import { portNameErrors, portNumberErrors } from "../names.ts";
import type { Container, Probe } from "../types.ts";
import { nonNegative, oneOf } from "./common.ts";

interface Handler {
  exec?: { command?: string[] };
  httpGet?: { path?: string; port: number | string; scheme?: string };
  tcpSocket?: { port: number | string };
  grpc?: { port: number };
  sleep?: { seconds: number };
}

export function validateHandlers(container: Container, field: string, errors: FieldErrors): void {
  const { lifecycle } = container;
  if (lifecycle?.postStart) validateHandler(lifecycle.postStart as Handler, `${field}.lifecycle.postStart`, errors);
  if (lifecycle?.preStop) validateHandler(lifecycle.preStop as Handler, `${field}.lifecycle.preStop`, errors);
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const probe = container[name];
    if (!probe) continue;
    validateProbe(probe, `${field}.${name}`, errors);
    if (name !== "readinessProbe" && probe.successThreshold !== 1)
      errors.invalid(`${field}.${name}.successThreshold`, probe.successThreshold, "must be 1");
  }
}

const NUMBERS = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] as const;

function validateProbe(probe: Probe, field: string, errors: FieldErrors): void {
  validateHandler(probe as Handler, field, errors);
  for (const name of NUMBERS) nonNegative(`${field}.${name}`, probe[name], errors);
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0) errors.invalid(`${field}.terminationGracePeriodSeconds`, grace, "must be greater than 0");
}

const KINDS = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;

function validateHandler(handler: Handler, field: string, errors: FieldErrors): void {
  const set = KINDS.filter((kind) => handler[kind] !== undefined);
  if (set.length === 0) errors.required(field, "must specify a handler type");
  for (const extra of set.slice(1)) errors.forbidden(`${field}.${extra}`, "may not specify more than 1 handler type");
  const { exec, httpGet, tcpSocket, grpc } = handler;
  if (exec && (exec.command ?? []).length === 0) errors.required(`${field}.exec.command`);
  if (httpGet) {
    if (!httpGet.path) errors.required(`${field}.httpGet.path`);
    validatePort(httpGet.port, `${field}.httpGet.port`, errors);
    oneOf(`${field}.httpGet.scheme`, httpGet.scheme, ["HTTP", "HTTPS"], errors);
  }
  if (tcpSocket) validatePort(tcpSocket.port, `${field}.tcpSocket.port`, errors);
  if (grpc) validatePort(grpc.port, `${field}.grpc.port`, errors);
}

/** A number, or the name of a container's port. */
export function validatePort(port: number | string | undefined, field: string, errors: FieldErrors): void {
  if (typeof port === "string") errors.invalidEach(field, port, portNameErrors(port));
  else errors.invalidEach(field, port ?? 0, portNumberErrors(port ?? 0));
}
