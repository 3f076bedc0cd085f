import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { FieldErrors } from "../../field-error.ts";
import { jsonEqual } from "../../json-equal.ts";
import { byteLength, qualifiedNameErrors } from "../../names.ts";
import type { StorageClass } from "../../types.ts";
import { immutable, optionalOneOf } from "../../validation/common.ts";

const DEFAULT_ANNOTATION = "storageclass.kubernetes.io/is-default-class";
const PARAMETERS_MAX = 512;
const PARAMETERS_BYTES_MAX = 256 * 1024;

export const storageClasses = defineResource<StorageClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "StorageClass",
  resource: "storageclasses",
  schema: "storage/v1.StorageClass",
  namespaced: false,
  shortNames: ["sc"],
  table: [
    { ...nameColumn<StorageClass>(), cell: nameWithDefault },
    column("Provisioner", ({ provisioner }) => provisioner ?? ""),
    column("ReclaimPolicy", ({ reclaimPolicy }) => reclaimPolicy ?? "Delete"),
    column("VolumeBindingMode", ({ volumeBindingMode }) => volumeBindingMode ?? "Immediate"),
    column("AllowVolumeExpansion", ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false),
    ageColumn(),
  ],
  defaults(storageClass) {
    storageClass.reclaimPolicy ??= "Delete";
    storageClass.volumeBindingMode ??= "Immediate";
  },
  strategy: {
    validate,
    validateUpdate(storageClass, old, errors) {
      for (const name of ["parameters", "provisioner", "reclaimPolicy"] as const) {
        if (!jsonEqual(storageClass[name], old[name])) errors.forbidden(name, `updates to ${name} are forbidden.`);
      }
      immutable("volumeBindingMode", storageClass.volumeBindingMode, old.volumeBindingMode, errors);
    },
  },
});

function nameWithDefault({ metadata }: StorageClass): string {
  return `${metadata.name ?? ""}${metadata.annotations?.[DEFAULT_ANNOTATION] === "true" ? " (default)" : ""}`;
}

function validate(storageClass: StorageClass, errors: FieldErrors): void {
  const { provisioner, parameters = {} } = storageClass;
  if (!provisioner) errors.required("provisioner");
  else errors.invalidEach("provisioner", provisioner, qualifiedNameErrors(provisioner.toLowerCase()));
  const entries = Object.entries(parameters);
  if (entries.length > PARAMETERS_MAX) errors.tooLong("parameters", PARAMETERS_MAX);
  for (const [key] of entries) if (key === "") errors.invalid("parameters", key, "field can not be empty.");
  if (entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0) > PARAMETERS_BYTES_MAX) {
    errors.tooLong("parameters", PARAMETERS_BYTES_MAX);
  }
  optionalOneOf("reclaimPolicy", storageClass.reclaimPolicy, ["Delete", "Retain"], errors);
  if (!storageClass.volumeBindingMode) errors.required("volumeBindingMode");
  else optionalOneOf("volumeBindingMode", storageClass.volumeBindingMode, ["Immediate", "WaitForFirstConsumer"], errors);
  validateTopologies(storageClass.allowedTopologies ?? [], errors);
}

type Topology = NonNullable<StorageClass["allowedTopologies"]>[number];

/** Terms of labels, each label once; no two terms the same. */
function validateTopologies(terms: readonly Topology[], errors: FieldErrors): void {
  const seen: Topology[] = [];
  terms.forEach((term, index) => {
    const at = `allowedTopologies[${index}].matchLabelExpressions`;
    const keys = new Set<string>();
    (term.matchLabelExpressions ?? []).forEach(({ key = "", values = [] }, i) => {
      if (values.length === 0) errors.required(`${at}[${i}].values`);
      values.forEach((value, j) => {
        if (values.indexOf(value) < j) errors.duplicate(`${at}[${i}].values[${j}]`, value);
      });
      errors.invalidEach(`${at}[${i}].key`, key, qualifiedNameErrors(key));
      if (keys.has(key)) errors.duplicate(`${at}[${i}].key`, key);
      keys.add(key);
    });
    if (keys.size === 0 || seen.some((other) => jsonEqual(other, term))) errors.duplicate(at, "");
    seen.push(term);
  });
}
