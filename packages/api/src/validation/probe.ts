/** Probes and lifecycle hooks. */
import type { FieldErrors } from "../field-error.ts";
import { headerNameErrors, portNameErrors, portNumberErrors } from "../names.ts";
import type { Container, Probe } from "../types.ts";
import { nonNegative } from "./common.ts";

interface Handler {
  exec?: { command?: string[] };
  httpGet?: { path?: string; port: number | string; scheme?: string; httpHeaders?: { name: string }[] };
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
    if (name === "readinessProbe") {
      const grace = probe.terminationGracePeriodSeconds;
      if (grace !== undefined)
        errors.invalid(`${field}.${name}.terminationGracePeriodSeconds`, grace, "must not be set for readinessProbes");
    } else if (probe.successThreshold !== 1) errors.invalid(`${field}.${name}.successThreshold`, probe.successThreshold, "must be 1");
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
  const [first, ...more] = KINDS.filter((kind) => handler[kind] !== undefined);
  if (first === undefined) errors.required(field, "must specify a handler type");
  else validateAction(first, handler, `${field}.${first}`, errors);
  for (const extra of more) errors.forbidden(`${field}.${extra}`, "may not specify more than 1 handler type");
}

function validateAction(kind: (typeof KINDS)[number], handler: Handler, field: string, errors: FieldErrors): void {
  const { exec, httpGet, tcpSocket, grpc } = handler;
  if (kind === "exec" && (exec!.command ?? []).length === 0) errors.required(`${field}.command`);
  if (kind === "tcpSocket") validatePort(tcpSocket!.port, `${field}.port`, errors);
  if (kind === "grpc") validatePort(grpc!.port, `${field}.port`, errors);
  if (kind !== "httpGet") return;
  const { path, port, scheme, httpHeaders = [] } = httpGet!;
  if (!path) errors.required(`${field}.path`);
  validatePort(port, `${field}.port`, errors);
  if (scheme !== "HTTP" && scheme !== "HTTPS") errors.notSupported(`${field}.scheme`, scheme, ["HTTP", "HTTPS"]);
  for (const { name } of httpHeaders) errors.invalidEach(`${field}.httpHeaders`, name ?? "", headerNameErrors(name ?? ""));
}

/** A number, or the name of a container's port. */
export function validatePort(port: number | string | undefined, field: string, errors: FieldErrors): void {
  if (typeof port === "string") errors.invalidEach(field, port, portNameErrors(port));
  else errors.invalidEach(field, port ?? 0, portNumberErrors(port ?? 0));
}
