/** Security contexts of pods and containers. */
import type { FieldErrors } from "../field-error.ts";
import { byteLength } from "../names.ts";
import type { Container, PodSpec } from "../types.ts";
import { optionalOneOf } from "./common.ts";
import { descendingPath } from "./paths.ts";

type PodContext = NonNullable<PodSpec["securityContext"]>;
type ContainerContext = NonNullable<Container["securityContext"]>;
type SeccompProfile = NonNullable<PodContext["seccompProfile"]>;
type AppArmorProfile = NonNullable<PodContext["appArmorProfile"]>;

const ID_MAX = 2147483647;
const SYSCTL_BYTES_MAX = 253;
const SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const SYSCTL = `(${SYSCTL_SEGMENT}[\\./])*${SYSCTL_SEGMENT}`;
const SYSCTL_RE = new RegExp(`^${SYSCTL}$`);

function validateId(field: string, id: number | undefined, errors: FieldErrors): void {
  if (id !== undefined && (id < 0 || id > ID_MAX)) errors.invalid(field, id, `must be between 0 and ${ID_MAX}, inclusive`);
}

export function validatePodSecurity(spec: PodSpec, field: string, errors: FieldErrors): void {
  const context: PodContext = spec.securityContext ?? {};
  const at = `${field}.securityContext`;
  if (spec.hostNetwork) validateHostNetwork(spec.containers ?? [], `${field}.containers`, errors);
  validateId(`${at}.fsGroup`, context.fsGroup, errors);
  validateId(`${at}.runAsUser`, context.runAsUser, errors);
  validateId(`${at}.runAsGroup`, context.runAsGroup, errors);
  (context.supplementalGroups ?? []).forEach((group, index) => {
    validateId(`${at}.supplementalGroups[${index}]`, group, errors);
  });
  if (spec.shareProcessNamespace && spec.hostPID) {
    errors.invalid(`${at}.shareProcessNamespace`, true, "ShareProcessNamespace and HostPID cannot both be enabled");
  }
  validateSysctls(context.sysctls ?? [], `${at}.sysctls`, errors);
  const change = context.fsGroupChangePolicy;
  const policies = ["Always", "OnRootMismatch"];
  if (change !== undefined && !policies.includes(change)) errors.notSupported(`${at}.fsGroupChangePolicy`, change, policies);
  validateSeccomp(context.seccompProfile, `${at}.seccompProfile`, errors);
  validateAppArmor(context.appArmorProfile, `${at}.appArmorProfile`, errors);
  optionalOneOf(`${at}.supplementalGroupsPolicy`, context.supplementalGroupsPolicy, ["Merge", "Strict"], errors);
}

function validateHostNetwork(containers: readonly Container[], field: string, errors: FieldErrors): void {
  containers.forEach(({ ports = [] }, index) => {
    ports.forEach(({ hostPort, containerPort }, at) => {
      if (!hostPort || hostPort === containerPort) return;
      errors.invalid(`${field}[${index}].ports[${at}].containerPort`, containerPort, "must match `hostPort` when `hostNetwork` is true");
    });
  });
}

function validateSysctls(sysctls: readonly { name: string }[], field: string, errors: FieldErrors): void {
  const names = new Set<string>();
  sysctls.forEach(({ name }, index) => {
    const at = `${field}[${index}].name`;
    // A sysctl may be written with slashes too: both are one.
    const normal = (name ?? "").replaceAll("/", ".");
    if (!name) errors.required(at);
    else if (byteLength(name) > SYSCTL_BYTES_MAX || !SYSCTL_RE.test(name)) {
      errors.invalid(at, name, `must have at most ${SYSCTL_BYTES_MAX} characters and match regex ${SYSCTL}`);
    } else if (names.has(normal)) errors.duplicate(at, name);
    names.add(normal);
  });
}

const SECCOMP_TYPES = ["Localhost", "RuntimeDefault", "Unconfined"];

function validateSeccomp(profile: SeccompProfile | undefined, field: string, errors: FieldErrors): void {
  if (!profile) return;
  const { type, localhostProfile: path } = profile;
  if (!type) errors.required(`${field}.type`, "type is required when seccompProfile is set");
  else if (!SECCOMP_TYPES.includes(type)) errors.notSupported(`${field}.type`, type, SECCOMP_TYPES);
  if (type === "Localhost") {
    if (path === undefined) errors.required(`${field}.localhostProfile`, "must be set when seccomp type is Localhost");
    else descendingPath(path, `${field}.localhostProfile`, errors);
  } else if (path !== undefined) {
    errors.invalid(`${field}.localhostProfile`, profile, "can only be set when seccomp type is Localhost");
  }
}

function validateAppArmor(profile: AppArmorProfile | undefined, field: string, errors: FieldErrors): void {
  if (!profile) return;
  const { type, localhostProfile: path } = profile;
  if (!type) errors.required(`${field}.type`, "type is required when appArmorProfile is set");
  else if (!SECCOMP_TYPES.includes(type)) errors.notSupported(`${field}.type`, type, SECCOMP_TYPES);
  if (type !== "Localhost") {
    if (path !== undefined) errors.invalid(`${field}.localhostProfile`, path, "can only be set when AppArmor type is Localhost");
  } else if (!path?.trim()) errors.required(`${field}.localhostProfile`, "must be set when AppArmor type is Localhost");
}

export function validateContainerSecurity(
  context: ContainerContext | undefined,
  field: string,
  hostUsers: boolean | undefined,
  errors: FieldErrors,
): void {
  if (!context) return;
  validateId(`${field}.runAsUser`, context.runAsUser, errors);
  validateId(`${field}.runAsGroup`, context.runAsGroup, errors);
  const mount = context.procMount;
  if (mount !== undefined && mount !== "Default" && mount !== "Unmasked")
    errors.notSupported(`${field}.procMount`, mount, ["Default", "Unmasked"]);
  if (mount === "Unmasked" && hostUsers !== false) {
    errors.invalid(`${field}.procMount`, mount, "`hostUsers` must be false to use `Unmasked`");
  }
  validateSeccomp(context.seccompProfile, `${field}.seccompProfile`, errors);
  if (context.allowPrivilegeEscalation === false) {
    const cannot = "cannot set `allowPrivilegeEscalation` to false and ";
    if (context.privileged) errors.invalid(field, context, `${cannot}\`privileged\` to true`);
    const admin = (context.capabilities?.add ?? []).some((name) => name === "CAP_SYS_ADMIN");
    if (admin) errors.invalid(field, context, `${cannot}\`capabilities.Add\` CAP_SYS_ADMIN`);
  }
  validateAppArmor(context.appArmorProfile, `${field}.appArmorProfile`, errors);
}
