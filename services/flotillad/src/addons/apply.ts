import {
  ClusterRoleBindings,
  ClusterRoles,
  ConfigMaps,
  DaemonSets,
  Deployments,
  isAlreadyExists,
  isNotFound,
  type KubeObject,
  type ResourceType,
  RuntimeClasses,
  Services,
} from "@flotilla/api";
import { type Clock, sleep } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";
import {
  type AddonFacts,
  configMap,
  dnsClusterRole,
  dnsClusterRoleBinding,
  dnsDeployment,
  dnsService,
  kubeProxy,
  routesClusterRole,
  routesClusterRoleBinding,
  runtimeClass,
} from "./objects.ts";

/** What every cluster has on top of its control plane, as kubeadm's addon phase. */
export async function applyAddons(
  client: ApiClient,
  clock: Clock,
  facts: AddonFacts,
  info: { kubeconfig: string; config: string },
): Promise<void> {
  const put = <T>(type: ResourceType<T>, object: unknown) => ensure(client, clock, type as ResourceType<KubeObject>, object as KubeObject);
  await Promise.all([put(ClusterRoles, routesClusterRole), put(ClusterRoleBindings, routesClusterRoleBinding)]);
  await Promise.all(["docker", "process", "hollow"].map((handler) => put(RuntimeClasses, runtimeClass(handler))));
  await Promise.all([
    put(ClusterRoles, dnsClusterRole),
    put(ClusterRoleBindings, dnsClusterRoleBinding),
    put(Services, dnsService()),
    put(DaemonSets, kubeProxy(facts)),
    put(Deployments, dnsDeployment(facts)),
    put(ConfigMaps, configMap("cluster-info", "kube-public", { kubeconfig: info.kubeconfig })),
    put(ConfigMaps, configMap("flotilla-config", "kube-system", { ClusterConfiguration: info.config })),
  ]);
}

const NAMESPACE_PATIENCE_MS = 10_000;

/** Creates it, or merges ours into what is there: what users changed beside it stays. */
async function ensure(client: ApiClient, clock: Clock, type: ResourceType<KubeObject>, object: KubeObject): Promise<void> {
  const { name, namespace } = object.metadata;
  const end_ms = clock.monotonic() + NAMESPACE_PATIENCE_MS;
  for (;;) {
    try {
      await client.create(type, object, { fieldManager: "flotilla" });
      return;
    } catch (error) {
      if (isAlreadyExists(error)) break;
      // A namespace such as kube-public is made a moment after the API answers.
      if (!isNotFound(error) || clock.monotonic() > end_ms) throw error;
      await sleep(clock, 100);
    }
  }
  await client.patch(type, name!, { type: "merge", body: object }, { namespace, fieldManager: "flotilla" });
}
