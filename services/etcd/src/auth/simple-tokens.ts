import type { Clock, Random } from "@flotilla/base";
import type { TokenSink } from "./commands.ts";
import type { AuthInfo } from "./types.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const PREFIX_LETTERS = 16;
/** Beyond these the oldest are forgotten; their holders authenticate again. */
const TOKENS_MAX = 100_000;

/**
 * Random words that stand for a user, known to every member through the log;
 * each lives `ttl_s` after its last use (etcd's `simple` tokens).
 */
export class SimpleTokens implements TokenSink {
  private readonly tokens = new Map<string, { user: string; expires_ms: number }>();
  private readonly clock: Clock;
  private readonly ttl_ms: number;

  constructor(clock: Clock, ttl_s: number) {
    this.clock = clock;
    this.ttl_ms = ttl_s * 1000;
  }

  assign(token: string, user: string): void {
    this.prune();
    this.tokens.set(token, { user, expires_ms: this.clock.monotonic() + this.ttl_ms });
  }

  invalidateUser(user: string): void {
    for (const [token, t] of this.tokens) if (t.user === user) this.tokens.delete(token);
  }

  clear(): void {
    this.tokens.clear();
  }

  /** Who holds this token. Its time begins anew. */
  verify(token: string, revision: number): AuthInfo | undefined {
    const found = this.tokens.get(token);
    const now = this.clock.monotonic();
    if (!found || found.expires_ms <= now) return undefined;
    // Behind the others: the map's order is that of the last use.
    this.tokens.delete(token);
    this.tokens.set(token, { user: found.user, expires_ms: now + this.ttl_ms });
    return { user: found.user, revision };
  }

  private prune(): void {
    const now = this.clock.monotonic();
    for (const [token, t] of this.tokens) {
      if (t.expires_ms > now && this.tokens.size < TOKENS_MAX) return;
      this.tokens.delete(token);
    }
  }
}

/** The part of a token that cannot be guessed. */
export function tokenPrefix(random: Random): string {
  let out = "";
  while (out.length < PREFIX_LETTERS) {
    // Rejection keeps every letter equally likely.
    for (const byte of random.bytes(PREFIX_LETTERS)) if (byte < LETTERS.length * 4) out += LETTERS[byte % LETTERS.length];
  }
  return out.slice(0, PREFIX_LETTERS);
}

/** The log index at which a token came into being; NaN when it has none. */
export const tokenIndex = (token: string) => Number(/^[a-zA-Z]+\.(\d+)$/.exec(token)?.[1] ?? Number.NaN);
