import { timingSafeEqual } from "node:crypto";
import type { Secret } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import type { User } from "../request/call.ts";
import type { Store } from "../storage/store.ts";

const FORM = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** Tokens in Secrets of type bootstrap.kubernetes.io/token in kube-system, for nodes that join. */
export function bootstrapTokenAuthenticator(store: Pick<Store, "cache">, clock: Clock): (token: string) => Promise<User | undefined> {
  return async (token) => {
    const [, id, secretPart] = FORM.exec(token) ?? [];
    if (!id || !secretPart) return undefined;
    const entry = store.cache("secrets").get(`/registry/secrets/kube-system/bootstrap-token-${id}`);
    const secret = entry?.object as Secret | undefined;
    if (secret?.type !== "bootstrap.kubernetes.io/token" || secret.metadata.deletionTimestamp) return undefined;
    const field = (name: string) => Buffer.from(secret.data?.[name] ?? "", "base64").toString();
    if (field("token-id") !== id || !sameText(field("token-secret"), secretPart)) return undefined;
    if (field("usage-bootstrap-authentication") !== "true") return undefined;
    const expiration = field("expiration");
    if (expiration !== "" && !(Date.parse(expiration) > clock.now())) return undefined;
    const extra = field("auth-extra-groups")
      .split(",")
      .filter((group) => group !== "");
    // A group that is none makes the whole token worth nothing.
    if (!extra.every((group) => GROUP.test(group))) return undefined;
    return { name: `system:bootstrap:${id}`, groups: ["system:bootstrappers", ...extra] };
  };
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
