import { apiError } from "@flotilla/api";
import type { Credentials, User } from "../request/call.ts";

export const AUTHENTICATED = "system:authenticated";
export const UNAUTHENTICATED = "system:unauthenticated";
export const ANONYMOUS: User = { name: "system:anonymous", groups: [UNAUTHENTICATED] };

/**
 * One way to know a caller. undefined: these credentials are not of its kind, ask the next.
 * @throws ApiError Unauthorized when they are, and are wrong.
 */
export type TokenAuthenticator = (token: string, audiences?: readonly string[]) => Promise<User | undefined>;

export interface Authenticator {
  authenticate(credentials: Credentials): Promise<User>;
  /** For TokenReview. undefined: nobody knows the token. */
  token: TokenAuthenticator;
}

/** Asks for a certificate first, then each kind of token in order; who shows nothing is anonymous, if allowed. */
export function createAuthenticator(tokens: readonly TokenAuthenticator[], allowAnonymous: boolean): Authenticator {
  const token: TokenAuthenticator = async (text, audiences) => {
    for (const authenticator of tokens) {
      const user = await authenticator(text, audiences);
      if (user) return { ...user, groups: [...user.groups, AUTHENTICATED] };
    }
    return undefined;
  };
  return {
    token,
    async authenticate(credentials) {
      const { certificate, bearerToken } = credentials;
      if (certificate) return userOf(certificate);
      if (bearerToken !== undefined) {
        const user = await token(bearerToken);
        if (user) return user;
      }
      if (bearerToken !== undefined || credentials.badCertificate || !allowAnonymous) throw unauthorized();
      return ANONYMOUS;
    },
  };
}

const users = new WeakMap<NonNullable<Credentials["certificate"]>, User>();

/** A connection brings the same certificate with each of its requests. */
function userOf(certificate: NonNullable<Credentials["certificate"]>): User {
  let user = users.get(certificate);
  if (!user) users.set(certificate, (user = { name: certificate.commonName, groups: [...certificate.organizations, AUTHENTICATED] }));
  return user;
}

export const unauthorized = () => apiError("Unauthorized", "Unauthorized");
