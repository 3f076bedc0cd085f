import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { FieldErrors } from "../../field-error.ts";
import { jsonEqual } from "../../json-equal.ts";
import { configKeyErrors } from "../../names.ts";
import type { ConfigMap } from "../../types.ts";
import { FIELD_IMMUTABLE } from "../../validation/common.ts";

const SIZE_MAX_BYTES = 1024 * 1024;

export const configMaps = defineResource<ConfigMap>({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  resource: "configmaps",
  schema: "core/v1.ConfigMap",
  shortNames: ["cm"],
  table: [
    nameColumn(),
    column("Data", (map) => Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length),
    ageColumn(),
  ],
  strategy: {
    validate(map, errors) {
      for (const key of Object.keys(map.data ?? {})) {
        errors.invalidEach(`data[${key}]`, key, configKeyErrors(key));
        if (map.binaryData?.[key] !== undefined) errors.invalid(`data[${key}]`, key, "duplicate of key present in binaryData");
      }
      for (const key of Object.keys(map.binaryData ?? {})) errors.invalidEach(`binaryData[${key}]`, key, configKeyErrors(key));
      const size = [map.data, map.binaryData].flatMap((data) => Object.values(data ?? {})).reduce((sum, value) => sum + value.length, 0);
      if (size > SIZE_MAX_BYTES) errors.tooLong("", SIZE_MAX_BYTES);
    },
    validateUpdate: (map, old, errors) => validateImmutable(map, old, errors, ["data", "binaryData"]),
  },
});

/** For ConfigMaps and Secrets: `immutable: true` freezes the data, and itself. */
export function validateImmutable<T extends { immutable?: boolean }>(
  obj: T,
  old: T,
  errors: FieldErrors,
  fields: (keyof T & string)[],
): void {
  if (!old.immutable) return;
  if (!obj.immutable) errors.forbidden("immutable", "field is immutable when `immutable` is set");
  for (const field of fields)
    if (!jsonEqual(obj[field], old[field])) errors.forbidden(field, `${FIELD_IMMUTABLE} when \`immutable\` is set`);
}
