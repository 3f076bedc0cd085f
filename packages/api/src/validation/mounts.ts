/** Where a container finds the pod's volumes: as folders, or as block devices. */
import type { FieldErrors } from "../field-error.ts";
import type { Container, Volume } from "../types.ts";
import { descendingPath } from "./paths.ts";

type Mount = NonNullable<Container["volumeMounts"]>[number];
type Volumes = ReadonlyMap<string, Volume>;

const PROPAGATIONS = ["Bidirectional", "HostToContainer", "None"];

export function validateMounts(container: Container, field: string, volumes: Volumes, errors: FieldErrors): void {
  const devices = container.volumeDevices ?? [];
  const paths = new Set<string>();
  (container.volumeMounts ?? []).forEach((mount, index) => {
    const at = `${field}[${index}]`;
    if (!mount.name) errors.required(`${at}.name`);
    if (!volumes.has(mount.name)) errors.notFound(`${at}.name`, mount.name ?? "");
    if (!mount.mountPath) errors.required(`${at}.mountPath`);
    if (paths.has(mount.mountPath)) errors.invalid(`${at}.mountPath`, mount.mountPath, "must be unique");
    paths.add(mount.mountPath);
    if (devices.some(({ name }) => name === mount.name))
      errors.invalid(`${at}.name`, mount.name, "must not already exist in volumeDevices");
    if (devices.some(({ devicePath }) => devicePath === mount.mountPath)) {
      errors.invalid(`${at}.mountPath`, mount.mountPath, "must not already exist as a path in volumeDevices");
    }
    validateSubPaths(mount, field, at, errors);
    validatePropagation(mount, container, `${field}.mountPropagation`, errors);
  });
}

/** Upstream names the list, not the item, of a bad sub-path. */
function validateSubPaths({ subPath, subPathExpr }: Mount, field: string, at: string, errors: FieldErrors): void {
  if (subPath) descendingPath(subPath, `${field}.subPath`, errors);
  if (!subPathExpr) return;
  if (subPath) errors.invalid(`${at}.subPathExpr`, subPathExpr, "subPathExpr and subPath are mutually exclusive");
  descendingPath(subPathExpr, `${field}.subPathExpr`, errors);
}

function validatePropagation({ mountPropagation: mode }: Mount, container: Container, field: string, errors: FieldErrors): void {
  if (mode === undefined) return;
  if (!PROPAGATIONS.includes(mode)) errors.notSupported(field, mode, PROPAGATIONS);
  if (mode === "Bidirectional" && !container.securityContext?.privileged) {
    errors.forbidden(field, "Bidirectional mount propagation is available only to privileged containers");
  }
}

export function validateDevices(container: Container, field: string, volumes: Volumes, errors: FieldErrors): void {
  const mounts = container.volumeMounts ?? [];
  const names = new Set<string>();
  const paths = new Set<string>();
  (container.volumeDevices ?? []).forEach(({ name = "", devicePath: path = "" }, index) => {
    const at = `${field}[${index}]`;
    const volume = volumes.get(name);
    if (!name) errors.required(`${at}.name`);
    if (names.has(name)) errors.invalid(`${at}.name`, name, "must be unique");
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      errors.invalid(`${at}.name`, name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
    }
    if (!volume) errors.notFound(`${at}.name`, name);
    if (!path) errors.required(`${at}.devicePath`);
    if (paths.has(path)) errors.invalid(`${at}.devicePath`, path, "must be unique");
    if (path.split("/").includes("..")) errors.invalid(`${at}.devicePath`, path, "can not contain backsteps ('..')");
    else paths.add(path);
    if (mounts.some((mount) => mount.name === name)) errors.invalid(`${at}.name`, name, "must not already exist in volumeMounts");
    if (mounts.some(({ mountPath }) => mountPath === path)) {
      errors.invalid(`${at}.devicePath`, path, "must not already exist as a path in volumeMounts");
    }
    if (name) names.add(name);
  });
}
