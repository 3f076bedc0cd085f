import { isNotFound, type Secret, Secrets, type ServiceAccount, ServiceAccounts } from "@flotilla/api";
import { objectKey, splitKey } from "@flotilla/client";
import { type ControllerContext, startReconciler } from "../context.ts";
import { signLegacyToken } from "./legacy-token.ts";

const TYPE = "kubernetes.io/service-account-token";
const NAME = "kubernetes.io/service-account.name";
const UID = "kubernetes.io/service-account.uid";

/** Fills token Secrets that people make by hand, and deletes those of accounts that are gone. */
export function startServiceAccountTokenController(context: ControllerContext): void {
  const { client, config, informers } = context;
  const keyPem = config.serviceAccountKeyPem;
  if (!keyPem) return;
  const secrets = informers.informer(Secrets);
  const accounts = informers.informer(ServiceAccounts);

  const controller = startReconciler(context, [secrets, accounts], {
    name: "serviceaccount_token",
    reconcile: async (key) => {
      const { name, namespace } = splitKey(key);
      const secret = secrets.lister.get(name, namespace);
      if (!secret || secret.type !== TYPE || secret.metadata.deletionTimestamp) return;
      const account = await accountOf(secret);
      const uid = secret.metadata.annotations?.[UID];
      if (!account || (uid && uid !== account.metadata.uid)) {
        await client.delete(Secrets, name, { namespace, preconditions: { uid: secret.metadata.uid } }).catch((error) => {
          if (!isNotFound(error)) throw error;
        });
      } else if (!isFilled(secret)) await client.update(Secrets, fill(secret, account));
    },
  });

  /** The cache may be behind: only the server's word deletes. */
  async function accountOf(secret: Secret): Promise<ServiceAccount | undefined> {
    const name = secret.metadata.annotations?.[NAME] ?? "";
    const { namespace } = secret.metadata;
    const known = accounts.lister.get(name, namespace);
    if (known || name === "") return known;
    return client.get(ServiceAccounts, name, { namespace }).catch((error) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  }

  function isFilled(secret: Secret): boolean {
    const complete = secret.data?.["token"] && secret.data?.["namespace"] && (config.rootCaPem === undefined || secret.data?.["ca.crt"]);
    return Boolean(complete && secret.metadata.annotations?.[UID]);
  }

  function fill(secret: Secret, account: ServiceAccount): Secret {
    const { name, namespace } = secret.metadata;
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const subject = { namespace: namespace!, account: account.metadata.name!, accountUid: account.metadata.uid!, secret: name! };
    const data = {
      ...secret.data,
      ...(config.rootCaPem === undefined ? {} : { "ca.crt": base64(config.rootCaPem) }),
      namespace: base64(namespace!),
      token: secret.data?.["token"] ?? base64(signLegacyToken(keyPem!, subject)),
    };
    const annotations = { ...secret.metadata.annotations, [UID]: account.metadata.uid! };
    return { ...secret, metadata: { ...secret.metadata, annotations }, data };
  }

  const enqueue = (secret: Secret) => {
    if (secret.type === TYPE) controller.queue.add(objectKey(secret.metadata));
  };
  const enqueueOf = (account: ServiceAccount) => {
    for (const secret of secrets.lister.list({ namespace: account.metadata.namespace })) {
      if (secret.metadata.annotations?.[NAME] === account.metadata.name) enqueue(secret);
    }
  };
  secrets.subscribe({ add: enqueue, update: enqueue });
  accounts.subscribe({ add: enqueueOf, delete: enqueueOf });
}
