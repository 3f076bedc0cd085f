import { isNotFound, type Secret, Secrets } from "@flotilla/api";
import { objectKey, splitKey } from "@flotilla/client";
import { type ControllerContext, startReconciler } from "../context.ts";

const TYPE = "bootstrap.kubernetes.io/token";
const NAMESPACE = "kube-system";

/** Milliseconds until a bootstrap token expires; undefined: never, or unreadable (left to its author). */
export function expiresIn_ms(secret: Secret, now_ms: number): number | undefined {
  const text = secret.data?.["expiration"];
  if (secret.type !== TYPE || !text) return undefined;
  const at_ms = Date.parse(Buffer.from(text, "base64").toString("utf8"));
  return Number.isNaN(at_ms) ? undefined : at_ms - now_ms;
}

/** Deletes bootstrap tokens at the end of their time. */
export function startTokenCleaner(context: ControllerContext): void {
  const { client, clock, informers, log } = context;
  const secrets = informers.informer(Secrets);
  const controller = startReconciler(context, [secrets], {
    name: "token_cleaner",
    reconcile: async (key) => {
      const { name, namespace } = splitKey(key);
      const secret = secrets.lister.get(name, namespace);
      const left_ms = secret && expiresIn_ms(secret, clock.now());
      if (left_ms === undefined) return undefined;
      // Timers hold 24 days at most; a token that lives longer is looked at again.
      if (left_ms > 0) return { requeueAfter_ms: Math.min(left_ms, LONGEST_TIMER_MS) };
      log.info("bootstrap token has expired", { secret: key });
      await client.delete(Secrets, name, { namespace, preconditions: { uid: secret!.metadata.uid } }).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
      return undefined;
    },
  });
  const enqueue = (secret: Secret) => {
    if (secret.type === TYPE && secret.metadata.namespace === NAMESPACE) controller.queue.add(objectKey(secret.metadata));
  };
  secrets.subscribe({ add: enqueue, update: enqueue });
}

const LONGEST_TIMER_MS = 24 * 86_400_000;
