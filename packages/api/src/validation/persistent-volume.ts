/** PersistentVolumes and claims (upstream: ValidatePersistentVolume, ValidatePersistentVolumeClaim). */
import type { FieldErrors } from "../field-error.ts";
import { jsonEqual } from "../json-equal.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors } from "../names.ts";
import { compareQuantity, parseQuantity, quantityValue } from "../quantity.ts";
import { findStruct } from "../schema/schema.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../types.ts";
import { validateNodeSelector } from "./affinity.ts";
import { immutable, optionalOneOf, validateLabelSelector } from "./common.ts";
import { changedPaths } from "./diff.ts";
import { noBacksteps } from "./paths.ts";
import { COMMON_SOURCES, csiDriverName, type SourceCheck } from "./volume-sources.ts";

type VolumeSpec = NonNullable<PersistentVolume["spec"]>;
type ClaimSpec = NonNullable<PersistentVolumeClaim["spec"]>;

const MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const VOLUME_MODES = ["Block", "Filesystem"];
const RECLAIM = ["Delete", "Recycle", "Retain"];
const CLAIM_MUTABLE = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

function validateModes(modes: readonly string[], field: string, errors: FieldErrors): void {
  for (const mode of modes) if (!MODES.includes(mode)) errors.notSupported(field, mode, MODES);
  if (modes.includes("ReadWriteOncePod") && modes.length > 1) {
    errors.forbidden(field, "may not use ReadWriteOncePod with other access modes");
  }
}

/** Names of the members that say where a volume is, from the schema. */
function sourcesOf(spec: Partial<VolumeSpec>): string[] {
  const sources = findStruct("core/v1.PersistentVolumeSource")?.fields;
  return Object.keys(spec).filter((name) => sources?.has(name));
}

export function validatePersistentVolume({ spec: given }: PersistentVolume, errors: FieldErrors): void {
  const spec: Partial<VolumeSpec> = given ?? {};
  const { accessModes = [], capacity = {} } = spec;
  if (accessModes.length === 0) errors.required("spec.accessModes");
  validateModes(accessModes, "spec.accessModes", errors);
  if (Object.keys(capacity).length === 0) errors.required("spec.capacity");
  if (capacity["storage"] === undefined || Object.keys(capacity).length > 1) errors.notSupported("spec.capacity", capacity, ["storage"]);
  for (const [name, text] of Object.entries(capacity)) {
    if (quantityValue(text) <= 0) errors.invalid(`spec.capacity[${name}]`, text, "must be greater than zero");
  }
  optionalOneOf("spec.persistentVolumeReclaimPolicy", spec.persistentVolumeReclaimPolicy, RECLAIM, errors);
  validateSource(spec, errors);
  if (spec.storageClassName)
    errors.invalidEach("spec.storageClassName", spec.storageClassName, dns1123SubdomainErrors(spec.storageClassName));
  optionalOneOf("spec.volumeMode", spec.volumeMode, VOLUME_MODES, errors);
  const { nodeAffinity } = spec;
  if (nodeAffinity?.required) validateNodeSelector(nodeAffinity.required, "spec.nodeAffinity.required", errors);
  else if (nodeAffinity) errors.required("spec.nodeAffinity.required", "must specify required node constraints");
}

function validateSource(spec: Partial<VolumeSpec>, errors: FieldErrors): void {
  const sources = sourcesOf(spec);
  if (sources.length === 0) errors.required("spec", "must specify a volume type");
  for (const extra of sources.slice(1)) errors.forbidden(`spec.${extra}`, "may not specify more than 1 volume type");
  const [first] = sources;
  if (first === undefined) return;
  const source = spec[first as keyof VolumeSpec];
  (COMMON_SOURCES[first] ?? OWN_SOURCES[first])?.(source, `spec.${first}`, errors);
  if (first === "local" && !spec.nodeAffinity) errors.required("spec.nodeAffinity", "Local volume requires node affinity");
  const root = spec.hostPath?.path?.replace(/\/+$/, "") === "";
  if (root && spec.persistentVolumeReclaimPolicy === "Recycle") {
    errors.forbidden("spec.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'");
  }
}

/** Sources that pods don't have, or not in this form. */
const OWN_SOURCES: Readonly<Record<string, SourceCheck>> = {
  local({ path }: { path?: string }, field, errors) {
    if (!path) return errors.required(`${field}.path`);
    noBacksteps(path, `${field}.path`, errors);
  },
  csi: validateCsi,
  azureFile({ secretName, shareName, secretNamespace }, field, errors) {
    if (!secretName) errors.required(`${field}.secretName`);
    if (!shareName) errors.required(`${field}.shareName`);
    if (secretNamespace === "") errors.required(`${field}.secretNamespace`);
  },
};

type CsiSource = NonNullable<VolumeSpec["csi"]>;
const SECRETS = ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"] as const;

function validateCsi(csi: CsiSource, field: string, errors: FieldErrors): void {
  csiDriverName(csi.driver, `${field}.driver`, errors);
  if (!csi.volumeHandle) errors.required(`${field}.volumeHandle`);
  for (const name of SECRETS) {
    const ref = csi[name];
    if (!ref) continue;
    if (!ref.name) errors.required(`${field}.${name}.name`);
    else errors.invalidEach(`${field}.${name}.name`, ref.name, dns1123SubdomainErrors(ref.name));
    if (!ref.namespace) errors.required(`${field}.${name}.namespace`);
    else errors.invalidEach(`${field}.${name}.namespace`, ref.namespace, dns1123LabelErrors(ref.namespace));
  }
}

export function validatePersistentVolumeUpdate({ spec }: PersistentVolume, old: PersistentVolume, errors: FieldErrors): void {
  const source = (of: VolumeSpec | undefined) =>
    Object.fromEntries(sourcesOf(of ?? {}).map((name) => [name, of![name as keyof VolumeSpec]]));
  if (!jsonEqual(source(spec), source(old.spec))) {
    const difference = changedPaths(source(old.spec), source(spec));
    errors.forbidden("spec.persistentvolumesource", `spec.persistentvolumesource is immutable after creation\n${difference}`);
  }
  immutable("spec.volumeMode", spec?.volumeMode, old.spec?.volumeMode, errors);
  if (old.spec?.nodeAffinity) immutable("spec.nodeAffinity", spec?.nodeAffinity, old.spec.nodeAffinity, errors);
}

export function validateClaim({ spec }: PersistentVolumeClaim, errors: FieldErrors): void {
  validateClaimSpec(spec ?? {}, "spec", errors);
}

export function validateClaimSpec(spec: ClaimSpec, field: string, errors: FieldErrors): void {
  const { accessModes = [], storageClassName, dataSource, dataSourceRef } = spec;
  if (accessModes.length === 0) errors.required(`${field}.accessModes`, "at least 1 access mode is required");
  validateLabelSelector(spec.selector, `${field}.selector`, errors);
  validateModes(accessModes, `${field}.accessModes`, errors);
  const storage = spec.resources?.requests?.["storage"];
  if (storage === undefined) errors.required(`${field}.resources[storage]`);
  else if (quantityValue(storage) <= 0) errors.invalid(`${field}.resources[storage]`, storage, "must be greater than zero");
  if (storageClassName) errors.invalidEach(`${field}.storageClassName`, storageClassName, dns1123SubdomainErrors(storageClassName));
  optionalOneOf(`${field}.volumeMode`, spec.volumeMode, VOLUME_MODES, errors);
  for (const [name, source] of Object.entries({ dataSource, dataSourceRef })) {
    if (!source) continue;
    if (!source.name) errors.required(`${field}.${name}.name`);
    if (!source.kind) errors.required(`${field}.${name}.kind`);
    if (!source.apiGroup && source.kind !== "PersistentVolumeClaim") {
      errors.invalid(`${field}.${name}`, source.kind ?? "", "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
    }
  }
  const namespace = dataSourceRef?.namespace;
  if (namespace) errors.invalidEach(`${field}.dataSourceRef.namespace`, namespace, dns1123LabelErrors(namespace));
}

export function validateClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, errors: FieldErrors): void {
  const [spec, before]: [ClaimSpec, ClaimSpec] = [claim.spec ?? {}, old.spec ?? {}];
  const restored: ClaimSpec = { ...spec };
  if (!before.volumeName) restored.volumeName = before.volumeName;
  if (before.storageClassName === undefined) restored.storageClassName = before.storageClassName;
  const [asked, had] = [spec.resources?.requests?.["storage"], before.resources?.requests?.["storage"]];
  if (claim.status?.phase === "Bound") {
    if (asked !== undefined && had !== undefined) {
      restored.resources = { ...spec.resources, requests: { ...spec.resources!.requests, storage: had } };
    }
    restored.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  if (!jsonEqual(restored, before)) errors.forbidden("spec", `${CLAIM_MUTABLE}\n${changedPaths(before, spec)}`);
  const capacity = old.status?.capacity?.["storage"];
  const smaller = (a: string, b: string) => compareQuantity(parseQuantity(a), parseQuantity(b)) < 0;
  // Asking for less is a way back from a failed expansion, down to what there is.
  if (asked && had && smaller(asked, had) && !(capacity && smaller(capacity, asked))) {
    errors.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
  }
  immutable("spec.volumeMode", spec.volumeMode, before.volumeMode, errors);
}
