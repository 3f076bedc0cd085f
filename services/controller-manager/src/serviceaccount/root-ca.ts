import { type ConfigMap, ConfigMaps, isAlreadyExists, isNotFound, Namespaces } from "@flotilla/api";
import { type ControllerContext, startReconciler } from "../context.ts";

const NAME = "kube-root-ca.crt";
const DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/** Publishes the cluster's CA into each namespace, for the pods' projected tokens. */
export function startRootCaPublisher(context: ControllerContext): void {
  const { client, informers, config } = context;
  const ca = config.rootCaPem;
  if (ca === undefined) return;
  const namespaces = informers.informer(Namespaces);
  const maps = informers.informer(ConfigMaps);
  const controller = startReconciler(context, [namespaces, maps], {
    name: "root_ca_cert_publisher",
    reconcile: async (name) => {
      const namespace = namespaces.lister.get(name);
      if (!namespace || namespace.metadata.deletionTimestamp) return;
      const present = maps.lister.get(NAME, name);
      const data = { "ca.crt": ca };
      const annotations = { "kubernetes.io/description": DESCRIPTION };
      if (!present) {
        await client.create(ConfigMaps, { metadata: { name: NAME, namespace: name, annotations }, data } as ConfigMap).catch((error) => {
          if (!isAlreadyExists(error)) throw error;
        });
      } else if (JSON.stringify(present.data) !== JSON.stringify(data)) {
        await client.update(ConfigMaps, { ...present, data }).catch((error) => {
          if (!isNotFound(error)) throw error;
        });
      }
    },
  });
  const enqueue = ({ metadata }: { metadata: { name?: string } }) => controller.queue.add(metadata.name!);
  namespaces.subscribe({ add: enqueue, update: enqueue });
  const ours = ({ metadata }: ConfigMap) => {
    if (metadata.name === NAME) controller.queue.add(metadata.namespace!);
  };
  maps.subscribe({ update: ours, delete: ours });
}
