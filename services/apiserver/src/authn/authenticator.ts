import { apiError } from "@flotilla/api";
import type { Credentials, User } from "../request/call.ts";

export const AUTHENTICATED = "system:authenticated";
export const UNAUTHENTICATED = "system:unauthenticated";
export const ANONYMOUS: User = { name: "system:anonymous", groups: [UNAUTHENTICATED] };

/** A caller that a token names, and for which of the audiences asked about it is good. */
export interface TokenUser {
  user: User;
  audiences: readonly string[];
}

/**
 * One way to know a caller. undefined: these credentials are not of its kind, ask the next.
 * @throws ApiError Unauthorized when they are, and are wrong.
 */
export type TokenAuthenticator = (token: string, audiences: readonly string[]) => Promise<TokenUser | undefined>;

/** Tokens that name no audience are for the API itself. */
export function forAudiences(authenticate: (token: string) => Promise<User | undefined>, own: readonly string[]): TokenAuthenticator {
  return async (token, wanted) => {
    const audiences = wanted.filter((audience) => own.includes(audience));
    const user = audiences.length > 0 ? await authenticate(token) : undefined;
    return user && { user, audiences };
  };
}

export interface Authenticator {
  authenticate(credentials: Credentials): Promise<User>;
  /** For TokenReview; without audiences: the API's own. undefined: nobody knows the token. */
  token(token: string, audiences?: readonly string[]): Promise<TokenUser | undefined>;
}

/** Believes a front proxy first, then a certificate, then each kind of token in order; who shows nothing is anonymous, if allowed. */
export function createAuthenticator(
  tokens: readonly TokenAuthenticator[],
  { anonymous, audiences: own, frontProxies }: { anonymous: boolean; audiences: readonly string[]; frontProxies: readonly string[] },
): Authenticator {
  const token: Authenticator["token"] = async (text, audiences = own) => {
    for (const authenticator of tokens) {
      const found = await authenticator(text, audiences);
      if (found) return { ...found, user: { ...found.user, groups: [...found.user.groups, AUTHENTICATED] } };
    }
    return undefined;
  };
  return {
    token,
    async authenticate(credentials) {
      const { certificate, bearerToken, frontProxy } = credentials;
      if (frontProxy && (frontProxies.length === 0 || frontProxies.includes(frontProxy.commonName))) return believed(frontProxy.user);
      if (certificate) return userOf(certificate);
      if (bearerToken !== undefined) {
        const found = await token(bearerToken);
        if (found) return found.user;
      }
      if (bearerToken !== undefined || credentials.badCertificate || !anonymous) throw unauthorized();
      return ANONYMOUS;
    },
  };
}

/** Whom a front proxy names; it may name somebody unknown, too. */
function believed(user: User): User {
  if (user.groups.includes(AUTHENTICATED) || user.groups.includes(UNAUTHENTICATED) || user.name === ANONYMOUS.name) return user;
  return { ...user, groups: [...user.groups, AUTHENTICATED] };
}

const users = new WeakMap<NonNullable<Credentials["certificate"]>, User>();

/** A connection brings the same certificate with each of its requests. */
function userOf(certificate: NonNullable<Credentials["certificate"]>): User {
  let user = users.get(certificate);
  if (!user) users.set(certificate, (user = { name: certificate.commonName, groups: [...certificate.organizations, AUTHENTICATED] }));
  return user;
}

export const unauthorized = () => apiError("Unauthorized", "Unauthorized");
