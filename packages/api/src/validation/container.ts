/** Containers of a pod (upstream: pkg/apis/core/validation validateContainers). */
import type { FieldErrors } from "../field-error.ts";
import { configKeyErrors, dns1123LabelErrors, envVarNameErrors, portNameErrors, portNumberErrors } from "../names.ts";
import { isSidecar } from "../pod.ts";
import type { Container } from "../types.ts";
import { oneOf } from "./common.ts";
import { validateHandlers } from "./probe.ts";
import { validateRequirements } from "./resources.ts";

const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const ENV_FIELDS = ["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"].concat([
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
]);

export interface ContainerScope {
  /** Names of the pod's volumes. */
  volumes: ReadonlySet<string>;
  /** Names of containers seen so far, in all lists. */
  names: Set<string>;
  kind: "main" | "init" | "ephemeral";
  hostNetwork: boolean;
}

export function validateContainer(container: Container, field: string, scope: ContainerScope, errors: FieldErrors): void {
  validateName(container.name, `${field}.name`, scope, errors);
  if (!container.image) errors.required(`${field}.image`);
  else if (container.image !== container.image.trim()) {
    errors.invalid(`${field}.image`, container.image, "must not have leading or trailing whitespace");
  }
  oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, ["File", "FallbackToLogsOnError"], errors);
  oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES, errors);
  validatePorts(container, `${field}.ports`, scope, errors);
  validateEnv(container, field, errors);
  validateMounts(container, `${field}.volumeMounts`, scope, errors);
  if (container.resources) validateRequirements(container.resources, `${field}.resources`, errors);
  if (scope.kind === "init") validateRestartPolicy(container, field, errors);
  if (scope.kind !== "init" || isSidecar(container)) validateHandlers(container, field, errors);
  else forbidHandlers(container, field, errors);
}

function validateName(name: string | undefined, field: string, scope: ContainerScope, errors: FieldErrors): void {
  if (!name) return errors.required(field);
  errors.invalidEach(field, name, dns1123LabelErrors(name));
  if (scope.names.has(name)) errors.duplicate(field, name);
  scope.names.add(name);
}

function validateRestartPolicy(container: Container, field: string, errors: FieldErrors): void {
  const policy = container.restartPolicy;
  if (policy !== undefined && policy !== "Always") errors.notSupported(`${field}.restartPolicy`, policy, ["Always"]);
}

function forbidHandlers(container: Container, field: string, errors: FieldErrors): void {
  for (const name of ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const) {
    if (container[name]) errors.forbidden(`${field}.${name}`, "may not be set for init containers without restartPolicy=Always");
  }
}

function validatePorts(container: Container, field: string, scope: ContainerScope, errors: FieldErrors): void {
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
    if (port.hostPort && scope.hostNetwork && port.hostPort !== port.containerPort) {
      errors.invalid(`${at}.containerPort`, port.containerPort, "must match `hostPort` when `hostNetwork` is true");
    }
    oneOf(`${at}.protocol`, port.protocol, PROTOCOLS, errors);
  });
}

function validateEnv(container: Container, field: string, errors: FieldErrors): void {
  (container.env ?? []).forEach((variable, index) => {
    const at = `${field}.env[${index}]`;
    if (!variable.name) errors.required(`${at}.name`);
    else errors.invalidEach(`${at}.name`, variable.name, envVarNameErrors(variable.name));
    if (variable.valueFrom) validateSource(variable.valueFrom, variable.value, `${at}.valueFrom`, errors);
  });
  (container.envFrom ?? []).forEach((source, index) => {
    const at = `${field}.envFrom[${index}]`;
    const set = [source.configMapRef, source.secretRef].filter((ref) => ref !== undefined).length;
    if (set === 0) errors.invalid(at, "", "must specify one of: `configMapRef` or `secretRef`");
    if (set > 1) errors.invalid(at, "", "may not have more than one field specified at a time");
    if (source.prefix) errors.invalidEach(`${at}.prefix`, source.prefix, envVarNameErrors(source.prefix));
  });
}

type EnvSource = NonNullable<NonNullable<Container["env"]>[number]["valueFrom"]>;

function validateSource(source: EnvSource, value: string | undefined, field: string, errors: FieldErrors): void {
  const set = [source.fieldRef, source.resourceFieldRef, source.configMapKeyRef, source.secretKeyRef].filter(
    (ref) => ref !== undefined,
  ).length;
  if (set === 0) errors.invalid(field, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
  else if (value) errors.invalid(field, "", "may not be specified when `value` is not empty");
  else if (set > 1) errors.invalid(field, "", "may not have more than one field specified at a time");
  if (source.fieldRef) validateFieldRef(source.fieldRef.fieldPath, `${field}.fieldRef.fieldPath`, errors);
  for (const name of ["configMapKeyRef", "secretKeyRef"] as const) {
    const ref = source[name];
    if (!ref) continue;
    if (!ref.key) errors.required(`${field}.${name}.key`);
    else errors.invalidEach(`${field}.${name}.key`, ref.key, configKeyErrors(ref.key));
  }
}

function validateFieldRef(path: string | undefined, field: string, errors: FieldErrors): void {
  if (!path) return errors.required(field);
  if (ENV_FIELDS.includes(path) || /^metadata\.(labels|annotations)\['.+'\]$/.test(path)) return;
  if (/^(metadata|spec|status)\.[A-Za-z.]+$/.test(path)) return errors.notSupported(field, path, ENV_FIELDS);
  errors.invalid(field, path, `error converting fieldPath: field label not supported: ${path}`);
}

function validateMounts(container: Container, field: string, scope: ContainerScope, errors: FieldErrors): void {
  const paths = new Set<string>();
  (container.volumeMounts ?? []).forEach((mount, index) => {
    const at = `${field}[${index}]`;
    if (!mount.name) errors.required(`${at}.name`);
    else if (!scope.volumes.has(mount.name)) errors.notFound(`${at}.name`, mount.name);
    if (!mount.mountPath) errors.required(`${at}.mountPath`);
    else if (paths.has(mount.mountPath)) errors.invalid(`${at}.mountPath`, mount.mountPath, "must be unique");
    paths.add(mount.mountPath);
    if (mount.subPath && mount.subPathExpr)
      errors.invalid(`${at}.subPathExpr`, mount.subPathExpr, "subPathExpr and subPath are mutually exclusive");
    for (const name of ["subPath", "subPathExpr"] as const) {
      const path = mount[name];
      if (path?.startsWith("/")) errors.invalid(`${at}.${name}`, path, "must be a relative path");
      if (path?.split("/").includes("..")) errors.invalid(`${at}.${name}`, path, "must not contain '..'");
    }
  });
}
