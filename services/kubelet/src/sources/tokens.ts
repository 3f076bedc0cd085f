import { type Pod, ServiceAccounts } from "@flotilla/api";
import type { Clock } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";

interface TokenRequest {
  status: { token: string; expirationTimestamp: string };
}

interface Issued {
  token: string;
  issued_ms: number;
  expires_ms: number;
}

/** Tokens are replaced after 80 % of their life, or a day. */
const RENEW_AT = 0.8;
const RENEW_MAX_MS = 24 * 3_600_000;

/** Service account tokens bound to their pod, from the API's TokenRequest, kept until they are due for renewal. */
export class TokenSource {
  private readonly client: ApiClient;
  private readonly clock: Clock;
  private readonly issued = new Map<string, Issued>();

  constructor(client: ApiClient, clock: Clock) {
    this.client = client;
    this.clock = clock;
  }

  get = async (pod: Pod, audience: string | undefined, expiration_s: number): Promise<string> => {
    const account = pod.spec?.serviceAccountName || "default";
    const key = `${pod.metadata.uid}/${account}/${audience ?? ""}/${expiration_s}`;
    const now_ms = this.clock.now();
    const known = this.issued.get(key);
    if (known && now_ms < renewAt_ms(known)) return known.token;
    try {
      const fresh = await this.request(pod, account, audience, expiration_s);
      this.issued.set(key, fresh);
      return fresh.token;
    } catch (error) {
      // The API is away: the old token is good until it expires.
      if (known && now_ms < known.expires_ms) return known.token;
      throw error;
    }
  };

  forget(uid: string): void {
    for (const key of this.issued.keys()) if (key.startsWith(`${uid}/`)) this.issued.delete(key);
  }

  private async request(pod: Pod, account: string, audience: string | undefined, expirationSeconds: number): Promise<Issued> {
    const { namespace, name, uid } = pod.metadata;
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        audiences: audience ? [audience] : [],
        expirationSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    };
    const reply = await this.client.createSubresource<TokenRequest & Record<string, unknown>>(ServiceAccounts, account, "token", body, {
      namespace,
    });
    return { token: reply.status.token, issued_ms: this.clock.now(), expires_ms: Date.parse(reply.status.expirationTimestamp) };
  }
}

function renewAt_ms(token: Issued): number {
  return token.issued_ms + Math.min((token.expires_ms - token.issued_ms) * RENEW_AT, RENEW_MAX_MS);
}
