import { isAlreadyExists, type Namespace, Namespaces, type ServiceAccount, ServiceAccounts } from "@flotilla/api";
import { type ControllerContext, startReconciler } from "../context.ts";

const NAME = "default";

/** Every living namespace has a service account named default. */
export function startServiceAccountController(context: ControllerContext): void {
  const { client, informers } = context;
  const namespaces = informers.informer(Namespaces);
  const accounts = informers.informer(ServiceAccounts);
  const controller = startReconciler(context, [namespaces, accounts], {
    name: "serviceaccount",
    reconcile: async (name) => {
      const namespace = namespaces.lister.get(name);
      if (!namespace || namespace.metadata.deletionTimestamp || accounts.lister.get(NAME, name)) return;
      await client.create(ServiceAccounts, { metadata: { name: NAME, namespace: name } } as ServiceAccount).catch((error) => {
        if (!isAlreadyExists(error)) throw error;
      });
    },
  });
  const enqueue = (n: Namespace) => controller.queue.add(n.metadata.name!);
  namespaces.subscribe({ add: enqueue, update: enqueue });
  accounts.subscribe({ delete: (account) => controller.queue.add(account.metadata.namespace!) });
}
