/** Containers that join a running pod (KEP-277): they reserve nothing and are never restarted. */
import type { FieldErrors } from "../field-error.ts";
import type { EphemeralContainer, PodSpec } from "../types.ts";

const NOT_HERE = [
  "lifecycle",
  "livenessProbe",
  "ports",
  "readinessProbe",
  "resizePolicy",
  "resources",
  "restartPolicy",
  "startupProbe",
] as const;

export function validateEphemeralFields(container: EphemeralContainer, spec: PodSpec, field: string, errors: FieldErrors): void {
  for (const name of NOT_HERE) {
    const value = container[name as keyof EphemeralContainer];
    const given = Array.isArray(value)
      ? value.length > 0
      : name === "resources"
        ? Object.keys(value ?? {}).length > 0
        : value !== undefined;
    if (given) errors.forbidden(`${field}.${name}`, "cannot be set for an Ephemeral Container");
  }
  const target = container.targetContainerName;
  const names = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name);
  if (target && !names.includes(target)) errors.notFound(`${field}.targetContainerName`, target);
  (container.volumeMounts ?? []).forEach(({ subPath, subPathExpr }, index) => {
    if (subPath) errors.forbidden(`${field}.volumeMounts[${index}].subPath`, "cannot be set for an Ephemeral Container");
    if (subPathExpr) errors.forbidden(`${field}.volumeMounts[${index}].subPathExpr`, "cannot be set for an Ephemeral Container");
  });
}
