/** Containers of a pod (upstream: pkg/apis/core/validation validateContainers). */
import type { FieldErrors } from "../field-error.ts";
import { dns1123LabelErrors, portNameErrors, portNumberErrors } from "../names.ts";
import { isSidecar } from "../pod.ts";
import type { Container, Volume } from "../types.ts";
import { oneOf } from "./common.ts";
import { validateEnv } from "./env.ts";
import { validateDevices, validateMounts } from "./mounts.ts";
import { validateHandlers } from "./probe.ts";
import { validateRequirements } from "./resources.ts";
import { validateContainerSecurity } from "./security-context.ts";

const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const MESSAGE_POLICIES = ["FallbackToLogsOnError", "File"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];

export interface ContainerScope {
  /** The pod's volumes. */
  volumes: ReadonlyMap<string, Volume>;
  /** Names of containers seen so far, in all lists. */
  names: Set<string>;
  kind: "main" | "init" | "ephemeral";
  hostUsers: boolean | undefined;
}

export function validateContainer(container: Container, field: string, scope: ContainerScope, errors: FieldErrors): void {
  validateName(container.name, `${field}.name`, scope, errors);
  if (!container.image) errors.required(`${field}.image`);
  if (scope.kind === "main") validateHandlers(container, field, errors);
  oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, MESSAGE_POLICIES, errors);
  validatePorts(container, `${field}.ports`, errors);
  validateEnv(container, field, errors);
  validateMounts(container, `${field}.volumeMounts`, scope.volumes, errors);
  validateDevices(container, `${field}.volumeDevices`, scope.volumes, errors);
  oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES, errors);
  validateRequirements(container.resources ?? {}, `${field}.resources`, errors);
  validateContainerSecurity(container.securityContext, `${field}.securityContext`, scope.hostUsers, errors);
  if (scope.kind === "main") {
    if (container.restartPolicy !== undefined) errors.forbidden(`${field}.restartPolicy`, "may not be set for non-init containers");
  } else if (scope.kind === "init") validateInit(container, field, errors);
}

function validateName(name: string | undefined, field: string, scope: ContainerScope, errors: FieldErrors): void {
  if (!name) return errors.required(field);
  errors.invalidEach(field, name, dns1123LabelErrors(name));
  if (scope.names.has(name)) errors.duplicate(field, name);
  scope.names.add(name);
}

function validateInit(container: Container, field: string, errors: FieldErrors): void {
  const policy = container.restartPolicy;
  if (policy !== undefined && policy !== "Always") errors.notSupported(`${field}.restartPolicy`, policy, ["Always"]);
  if (isSidecar(container)) return validateHandlers(container, field, errors);
  for (const name of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const) {
    if (container[name]) errors.forbidden(`${field}.${name}`, "may not be set for init containers without restartPolicy=Always");
  }
}

function validatePorts(container: Container, field: string, errors: FieldErrors): void {
  const names = new Set<string>();
  (container.ports ?? []).forEach((port, index) => {
    const at = `${field}[${index}]`;
    if (port.name) {
      const problems = portNameErrors(port.name);
      errors.invalidEach(`${at}.name`, port.name, problems);
      if (problems.length === 0 && names.has(port.name)) errors.duplicate(`${at}.name`, port.name);
      names.add(port.name);
    }
    if (!port.containerPort) errors.required(`${at}.containerPort`);
    else errors.invalidEach(`${at}.containerPort`, port.containerPort, portNumberErrors(port.containerPort));
    if (port.hostPort) errors.invalidEach(`${at}.hostPort`, port.hostPort, portNumberErrors(port.hostPort));
    oneOf(`${at}.protocol`, port.protocol, PROTOCOLS, errors);
  });
}
