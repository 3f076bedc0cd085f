/** A container's environment. */
import type { FieldErrors } from "../field-error.ts";
import { configKeyErrors, dns1123SubdomainErrors, envVarNameErrors } from "../names.ts";
import type { Container } from "../types.ts";
import { ENV_FIELDS, validateFieldRef, validateResourceRef } from "./field-ref.ts";

type EnvSource = NonNullable<NonNullable<Container["env"]>[number]["valueFrom"]>;

const ONLY_ONE = "may not have more than one field specified at a time";

export function validateEnv(container: Container, field: string, errors: FieldErrors): void {
  (container.env ?? []).forEach((variable, index) => {
    const at = `${field}.env[${index}]`;
    if (!variable.name) errors.required(`${at}.name`);
    else errors.invalidEach(`${at}.name`, variable.name, envVarNameErrors(variable.name));
    if (variable.valueFrom) validateSource(variable.valueFrom, variable.value, `${at}.valueFrom`, errors);
  });
  (container.envFrom ?? []).forEach((source, index) => {
    const at = `${field}.envFrom[${index}]`;
    if (source.prefix) errors.invalidEach(`${at}.prefix`, source.prefix, envVarNameErrors(source.prefix));
    const refs = (["configMapRef", "secretRef"] as const).filter((name) => source[name] !== undefined);
    for (const name of refs) {
      const ref = source[name]!.name;
      if (!ref) errors.required(`${at}.${name}.name`);
      else errors.invalidEach(`${at}.${name}.name`, ref, dns1123SubdomainErrors(ref));
    }
    // Upstream names the list, not the item.
    if (refs.length === 0) errors.invalid(`${field}.envFrom`, "", "must specify one of: `configMapRef` or `secretRef`");
    if (refs.length > 1) errors.invalid(`${field}.envFrom`, "", ONLY_ONE);
  });
}

const SOURCES = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef"] as const;

function validateSource(source: EnvSource, value: string | undefined, field: string, errors: FieldErrors): void {
  if (source.fieldRef) validateFieldRef(source.fieldRef, ENV_FIELDS, `${field}.fieldRef`, errors);
  if (source.resourceFieldRef) validateResourceRef(source.resourceFieldRef, false, `${field}.resourceFieldRef`, errors);
  for (const name of ["configMapKeyRef", "secretKeyRef"] as const) {
    const ref = source[name];
    if (!ref) continue;
    errors.invalidEach(`${field}.${name}.name`, ref.name ?? "", dns1123SubdomainErrors(ref.name ?? ""));
    if (!ref.key) errors.required(`${field}.${name}.key`);
    else errors.invalidEach(`${field}.${name}.key`, ref.key, configKeyErrors(ref.key));
  }
  const set = SOURCES.filter((name) => source[name] !== undefined).length;
  if (set === 0) errors.invalid(field, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
  else if (value) errors.invalid(field, "", "may not be specified when `value` is not empty");
  else if (set > 1) errors.invalid(field, "", ONLY_ONE);
}
