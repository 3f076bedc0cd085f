/** metadata's own rules (apimachinery/pkg/api/validation/objectmeta.go). */
import type { ResourceDefinition } from "../definition.ts";
import type { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { asPrefix, byteLength, dns1123LabelErrors, dns1123SubdomainErrors, labelValueErrors, qualifiedNameErrors } from "../names.ts";
import type { KubeObject, ObjectMeta, OwnerReference } from "../types.ts";

const ANNOTATIONS_BYTES_MAX = 256 * 1024;
export const ORPHAN_FINALIZER = "orphan";
export const FOREGROUND_FINALIZER = "foregroundDeletion";
/** Standard finalizers need no domain. */
const STANDARD_FINALIZERS = ["kubernetes", ORPHAN_FINALIZER, FOREGROUND_FINALIZER];
const IMMUTABLE = "field is immutable";

export const subdomainName = (name: string, prefix: boolean): string[] => dns1123SubdomainErrors(asPrefix(name, prefix));

export function validateMeta(def: ResourceDefinition, meta: ObjectMeta, errors: FieldErrors): void {
  const nameErrors = def.strategy.nameErrors ?? subdomainName;
  if (meta.generateName) errors.invalidEach("metadata.generateName", meta.generateName, nameErrors(meta.generateName, true));
  if (!meta.name) errors.required("metadata.name", "name or generateName is required");
  else errors.invalidEach("metadata.name", meta.name, nameErrors(meta.name, false));
  if (def.namespaced) {
    if (!meta.namespace) errors.required("metadata.namespace");
    else errors.invalidEach("metadata.namespace", meta.namespace, dns1123LabelErrors(meta.namespace));
  } else if (meta.namespace) {
    errors.forbidden("metadata.namespace", "not allowed on this type");
  }
  if ((meta.generation ?? 0) < 0) errors.invalid("metadata.generation", meta.generation, "must be greater than or equal to 0");
  validateLabels(meta.labels, "metadata.labels", errors);
  validateAnnotations(meta.annotations, "metadata.annotations", errors);
  validateOwners(meta.ownerReferences ?? [], errors);
  validateFinalizers(meta.finalizers ?? [], errors);
}

export function validateLabels(labels: Record<string, string> | undefined, field: string, errors: FieldErrors): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    errors.invalidEach(field, key, qualifiedNameErrors(key));
    errors.invalidEach(field, value, labelValueErrors(value));
  }
}

export function validateAnnotations(annotations: Record<string, string> | undefined, field: string, errors: FieldErrors): void {
  let size_bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    errors.invalidEach(field, key, qualifiedNameErrors(key.toLowerCase()));
    size_bytes += byteLength(key) + byteLength(value);
  }
  if (size_bytes > ANNOTATIONS_BYTES_MAX) errors.tooLong(field, ANNOTATIONS_BYTES_MAX);
}

function validateOwners(owners: readonly OwnerReference[], errors: FieldErrors): void {
  let controller = "";
  // Upstream's fields name no index here.
  const field = "metadata.ownerReferences";
  owners.forEach((owner) => {
    const parts = (owner.apiVersion ?? "").split("/");
    if (parts.length > 2 || !parts.at(-1)) errors.invalid(`${field}.apiVersion`, owner.apiVersion ?? "", "version must not be empty");
    for (const name of ["kind", "name", "uid"] as const) if (!owner[name]) errors.invalid(`${field}.${name}`, "", "must not be empty");
    if (owner.apiVersion === "v1" && owner.kind === "Event")
      errors.invalid(field, owner, "v1, Kind=Event is disallowed from being an owner");
    if (owner.controller !== true) return;
    if (controller !== "") {
      const names = `Found "true" in references for ${controller} and ${owner.name}`;
      errors.invalid("metadata.ownerReferences", owners, `Only one reference can have Controller set to true. ${names}`);
    }
    controller = owner.name;
  });
}

/** Of an object's metadata, or of a namespace's spec. */
export function validateFinalizerNames(finalizers: readonly string[], field: string, errors: FieldErrors, indexed = false): void {
  finalizers.forEach((finalizer, index) => {
    errors.invalidEach(field, finalizer, qualifiedNameErrors(finalizer));
    if (!finalizer.includes("/") && !STANDARD_FINALIZERS.includes(finalizer)) {
      const at = indexed ? `${field}[${index}]` : field;
      errors.invalid(at, finalizer, "name is neither a standard finalizer name nor is it fully qualified");
    }
  });
}

function validateFinalizers(finalizers: readonly string[], errors: FieldErrors): void {
  validateFinalizerNames(finalizers, "metadata.finalizers", errors, true);
  if (finalizers.includes(ORPHAN_FINALIZER) && finalizers.includes(FOREGROUND_FINALIZER)) {
    errors.invalid("metadata.finalizers", finalizers, "finalizer orphan and foregroundDeletion cannot be both set");
  }
}

const IMMUTABLE_FIELDS = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] as const;

/** System fields were carried over before; what still differs was changed against the rules. */
export function validateMetaUpdate(obj: KubeObject, old: KubeObject, errors: FieldErrors): void {
  const { metadata } = obj;
  for (const field of IMMUTABLE_FIELDS) {
    if (!jsonEqual(metadata[field], old.metadata[field])) errors.invalid(`metadata.${field}`, metadata[field], IMMUTABLE);
  }
  if (old.metadata.deletionTimestamp !== undefined) {
    const known = old.metadata.finalizers ?? [];
    const added = (metadata.finalizers ?? []).filter((finalizer) => !known.includes(finalizer));
    if (added.length > 0) {
      const list = added.map((finalizer) => JSON.stringify(finalizer)).join(", ");
      errors.forbidden(
        "metadata.finalizers",
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
      );
    }
  }
}
