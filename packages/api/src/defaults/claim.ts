/** Defaults of PersistentVolumeClaims, by themselves and as templates of StatefulSets. */
import type { PersistentVolumeClaim } from "../types.ts";

export function defaultClaim(claim: Omit<PersistentVolumeClaim, "metadata">): void {
  (claim.status ??= {}).phase ||= "Pending";
  if (claim.spec) claim.spec.volumeMode ??= "Filesystem";
}

export function defaultClaimTemplate(claim: Omit<PersistentVolumeClaim, "metadata">): void {
  claim.apiVersion = "v1";
  claim.kind = "PersistentVolumeClaim";
  defaultClaim(claim);
}
