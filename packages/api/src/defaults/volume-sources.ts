/** Defaults of where volumes' data are: the same in pods and in PersistentVolumes. */
import type { PersistentVolume, Volume } from "../types.ts";

type VolumeSpec = NonNullable<PersistentVolume["spec"]>;
type Sources = Pick<Volume & VolumeSpec, "hostPath" | "iscsi" | "rbd" | "azureDisk" | "scaleIO">;

export function defaultVolumeSources({ hostPath, iscsi, rbd, azureDisk, scaleIO }: Sources): void {
  if (hostPath) hostPath.type ??= "";
  if (iscsi) iscsi.iscsiInterface ||= "default";
  if (rbd) {
    rbd.pool ||= "rbd";
    rbd.user ||= "admin";
    rbd.keyring ||= "/etc/ceph/keyring";
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= "ReadWrite";
    azureDisk.kind ??= "Shared";
    azureDisk.fsType ??= "ext4";
    azureDisk.readOnly ??= false;
  }
  if (scaleIO) {
    scaleIO.storageMode ||= "ThinProvisioned";
    scaleIO.fsType ||= "xfs";
  }
}
