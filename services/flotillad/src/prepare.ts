import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterAuthorities, IssueEnv } from "@flotilla/pki";
import { componentImage } from "./images.ts";
import { type MachineLayout, machineFolders } from "./layout.ts";
import { controlPlanePods } from "./manifests/control-plane.ts";
import { staticPodManifest } from "./manifests/static-pod.ts";
import { writeMachineAccess } from "./pki.ts";
import type { ClusterSpec, MachineSpec } from "./spec.ts";

/** A machine's folders, certificates, kubeconfigs and static pods: kubeadm's init and join. */
export function prepareMachine(
  spec: ClusterSpec,
  machine: MachineSpec,
  layout: MachineLayout,
  authorities: ClusterAuthorities,
  env: IssueEnv,
): void {
  for (const folder of machineFolders(layout)) mkdirSync(folder, { recursive: true });
  writeMachineAccess({ spec, machine, layout, authorities, env });
  if (machine.role !== "control-plane") return;
  for (const pod of controlPlanePods(spec, machine, layout)) {
    const file = join(layout.manifests, `${pod.component}.yaml`);
    const text = staticPodManifest(pod, componentImage(pod.component));
    // The kubelet restarts a pod whose manifest changes; do not touch what is the same.
    if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  }
}
