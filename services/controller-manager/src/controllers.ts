import { startCsrApprovingController } from "./certificates/approving-controller.ts";
import { startCsrSigningController } from "./certificates/signing-controller.ts";
import type { ControllerDefinition } from "./context.ts";
import { startDaemonSetController } from "./daemonset/controller.ts";
import { startDeploymentController } from "./deployment/controller.ts";
import { startGarbageCollector } from "./garbage-collector/controller.ts";
import { startNamespaceController } from "./namespace/controller.ts";
import { startTaintEvictionController } from "./nodes/eviction-controller.ts";
import { startNodeIpamController } from "./nodes/ipam-controller.ts";
import { startNodeLifecycleController } from "./nodes/lifecycle-controller.ts";
import { startPodGarbageCollector } from "./nodes/pod-gc.ts";
import { startTtlController } from "./nodes/ttl-controller.ts";
import { startClusterRoleAggregation } from "./rbac/aggregation.ts";
import { startReplicaSetController } from "./replicaset/controller.ts";
import { startResourceQuotaController } from "./resource-quota/controller.ts";
import { startServiceAccountController } from "./serviceaccount/default-account.ts";
import { startRootCaPublisher } from "./serviceaccount/root-ca.ts";
import { startTokenCleaner } from "./serviceaccount/token-cleaner.ts";
import { startServiceAccountTokenController } from "./serviceaccount/token-controller.ts";
import { startEndpointsController } from "./services/endpoints-controller.ts";
import { startMirroringController } from "./services/mirroring-controller.ts";
import { startEndpointSliceController } from "./services/slice-controller.ts";
import { startClaimProtection, startVolumeProtection } from "./storage-protection/controller.ts";
import { startPolicyStatusController } from "./validating-admission-policy-status/controller.ts";

/** All controllers of the manager, under upstream's names. */
export const CONTROLLERS: ControllerDefinition[] = [
  { name: "deployment-controller", alias: "deployment", start: startDeploymentController },
  { name: "replicaset-controller", alias: "replicaset", start: startReplicaSetController },
  { name: "daemonset-controller", alias: "daemonset", start: startDaemonSetController },
  { name: "endpoints-controller", alias: "endpoint", start: startEndpointsController },
  { name: "endpointslice-controller", alias: "endpointslice", start: startEndpointSliceController },
  { name: "endpointslice-mirroring-controller", alias: "endpointslicemirroring", start: startMirroringController },
  { name: "namespace-controller", alias: "namespace", start: startNamespaceController },
  { name: "garbage-collector-controller", alias: "garbagecollector", start: startGarbageCollector },
  { name: "resourcequota-controller", alias: "resourcequota", start: startResourceQuotaController },
  { name: "serviceaccount-controller", alias: "serviceaccount", start: startServiceAccountController },
  { name: "root-ca-certificate-publisher-controller", alias: "root-ca-cert-publisher", start: startRootCaPublisher },
  { name: "serviceaccount-token-controller", alias: "serviceaccount-token", start: startServiceAccountTokenController },
  { name: "certificatesigningrequest-approving-controller", alias: "csrapproving", start: startCsrApprovingController },
  { name: "certificatesigningrequest-signing-controller", alias: "csrsigning", start: startCsrSigningController },
  { name: "node-ipam-controller", alias: "nodeipam", start: startNodeIpamController },
  { name: "node-lifecycle-controller", alias: "nodelifecycle", start: startNodeLifecycleController },
  { name: "taint-eviction-controller", alias: "taint-eviction", start: startTaintEvictionController },
  { name: "pod-garbage-collector-controller", alias: "podgc", start: startPodGarbageCollector },
  { name: "clusterrole-aggregation-controller", alias: "clusterrole-aggregation", start: startClusterRoleAggregation },
  { name: "token-cleaner-controller", alias: "tokencleaner", start: startTokenCleaner },
  { name: "persistentvolumeclaim-protection-controller", alias: "pvc-protection", start: startClaimProtection },
  { name: "persistentvolume-protection-controller", alias: "pv-protection", start: startVolumeProtection },
  { name: "ttl-controller", alias: "ttl", start: startTtlController },
  {
    name: "validatingadmissionpolicy-status-controller",
    alias: "validatingadmissionpolicy-status",
    start: startPolicyStatusController,
  },
];

/** `--controllers`: "*" all that are on by default, "foo" that one too, "-foo" not that one. @throws on a name that does not exist */
export function selectControllers(wanted: string[], all: ControllerDefinition[] = CONTROLLERS): ControllerDefinition[] {
  for (const name of wanted) {
    const bare = name.replace(/^-/, "");
    if (bare !== "*" && !KNOWN_ELSEWHERE.has(bare) && !all.some((c) => c.name === bare || c.alias === bare)) {
      throw new Error(`"${name}" is not in the list of known controllers`);
    }
  }
  const names = (c: ControllerDefinition, prefix = "") => wanted.includes(prefix + c.name) || wanted.includes(prefix + c.alias);
  return all.filter((c) => !names(c, "-") && (names(c) || wanted.includes("*")));
}

/** Named by kubeadm's manifests, but not ours to run (machines join by their flotillad): accepted, without effect. */
const KNOWN_ELSEWHERE = new Set(["bootstrapsigner", "bootstrap-signer-controller"]);
