/** Volumes of a pod. */
import type { FieldErrors } from "../field-error.ts";
import { dns1123LabelErrors } from "../names.ts";
import type { Volume } from "../types.ts";
import { optionalOneOf } from "./common.ts";

const HOST_PATH_TYPES = ["BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
const MODE_TEXT = "must be a number between 0 and 0777 (octal), both inclusive";

/** Returns the names that containers may mount. */
export function validateVolumes(volumes: readonly Volume[], field: string, errors: FieldErrors): Set<string> {
  const names = new Set<string>();
  volumes.forEach((volume, index) => {
    const at = `${field}[${index}]`;
    validateSource(volume, at, errors);
    if (!volume.name) errors.required(`${at}.name`);
    else errors.invalidEach(`${at}.name`, volume.name, dns1123LabelErrors(volume.name));
    if (names.has(volume.name)) errors.duplicate(`${at}.name`, volume.name);
    names.add(volume.name);
  });
  return names;
}

function validateSource(volume: Volume, field: string, errors: FieldErrors): void {
  const { name: _, ...sources } = volume;
  const set = Object.keys(sources);
  if (set.length === 0) errors.required(field, "must specify a volume type");
  for (const extra of set.slice(1)) errors.forbidden(`${field}.${extra}`, "may not specify more than 1 volume type");
  const { hostPath, secret, configMap, persistentVolumeClaim, projected, downwardAPI } = volume;
  if (hostPath) {
    if (!hostPath.path) errors.required(`${field}.hostPath.path`);
    else if (hostPath.path.split("/").includes("..")) errors.invalid(`${field}.hostPath.path`, hostPath.path, "must not contain '..'");
    optionalOneOf(`${field}.hostPath.type`, hostPath.type, HOST_PATH_TYPES, errors);
  }
  if (secret) {
    if (!secret.secretName) errors.required(`${field}.secret.secretName`);
    validateFiles(secret, `${field}.secret`, errors);
  }
  if (configMap) {
    if (!configMap.name) errors.required(`${field}.configMap.name`);
    validateFiles(configMap, `${field}.configMap`, errors);
  }
  if (persistentVolumeClaim && !persistentVolumeClaim.claimName) errors.required(`${field}.persistentVolumeClaim.claimName`);
  if (downwardAPI) validateMode(downwardAPI.defaultMode, `${field}.downwardAPI.defaultMode`, errors);
  if (projected) validateMode(projected.defaultMode, `${field}.projected.defaultMode`, errors);
}

interface Files {
  defaultMode?: number;
  items?: { key: string; path: string; mode?: number }[];
}

function validateFiles({ defaultMode, items }: Files, field: string, errors: FieldErrors): void {
  validateMode(defaultMode, `${field}.defaultMode`, errors);
  (items ?? []).forEach((item, index) => {
    const at = `${field}.items[${index}]`;
    if (!item.key) errors.required(`${at}.key`);
    if (!item.path) errors.required(`${at}.path`);
    else if (item.path.startsWith("/")) errors.invalid(`${at}.path`, item.path, "must be a relative path");
    else if (item.path.split("/").includes("..")) errors.invalid(`${at}.path`, item.path, "must not contain '..'");
    validateMode(item.mode, `${at}.mode`, errors);
  });
}

function validateMode(mode: number | undefined, field: string, errors: FieldErrors): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) errors.invalid(field, mode, MODE_TEXT);
}
