import type { IncomingHttpHeaders } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { Clock } from "@flotilla/base";
import { Authorizer } from "../auth/authorize.ts";
import { JwtTokens } from "../auth/jwt.ts";
import type { Passwords } from "../auth/passwords.ts";
import { type SimpleTokens, tokenIndex } from "../auth/simple-tokens.ts";
import { type AuthInfo, NOBODY } from "../auth/types.ts";
import type { Session } from "../grpc/server.ts";
import { rpcError } from "../node/errors.ts";
import type { Machine } from "../node/machine.ts";

export interface AccessOptions {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly tokens: SimpleTokens | JwtTokens;
  readonly passwords: Passwords;
  /** With `--client-cert-auth` a client without a token is who its certificate says. */
  readonly certAuth: boolean;
}

/** What is asked of a call here. */
export interface Caller {
  readonly headers: IncomingHttpHeaders;
  readonly session: Session | undefined;
  fail(error: unknown): void;
}

const POLL_MS = 10;
/** How long to wait for a token that this member has not been told of yet. */
const CATCH_UP_MS = 2000;

/** Tells who calls, and what they may do. Costs one comparison while authentication is off. */
export class Access {
  readonly options: AccessOptions;
  private readonly certificateNames = new WeakMap<Session, string>();

  constructor(options: AccessOptions) {
    this.options = options;
  }

  /** Runs `action` for the caller, at once if the caller is known at once. What it throws is the call's error. */
  run(call: Caller, action: (who: AuthInfo) => void): void {
    const { machine, tokens, certAuth } = this.options;
    if (!machine.auth.enabled) return action(NOBODY);
    const token = first(call.headers["token"]) ?? first(call.headers["authorization"]);
    if (token === undefined) return action(certAuth ? this.byCertificate(call.session) : NOBODY);
    const who = tokens.verify(token, machine.auth.revision);
    if (who) return action(who);
    if (!(tokens instanceof JwtTokens) && tokenIndex(token) > machine.applied) return this.later(call, token, action, 0);
    throw rpcError("invalidAuthToken");
  }

  /** The same as a promise. */
  identify(call: Caller): Promise<AuthInfo> {
    return new Promise((resolve) => this.run(call, resolve));
  }

  /** Checks rights as they are now; undefined while authentication is off. */
  rights(who: AuthInfo): Authorizer | undefined {
    const { machine } = this.options;
    return machine.auth.enabled ? new Authorizer(machine.auth, machine.lessor, who) : undefined;
  }

  /** The token was given out by another member, and its log entry is on its way here. */
  private later(call: Caller, token: string, action: (who: AuthInfo) => void, waited_ms: number): void {
    const { machine, clock } = this.options;
    if (waited_ms >= CATCH_UP_MS) return call.fail(rpcError("invalidAuthToken"));
    clock.setTimeout(() => {
      if (tokenIndex(token) > machine.applied) return this.later(call, token, action, waited_ms + POLL_MS);
      try {
        this.run(call, action);
      } catch (error) {
        call.fail(error);
      }
    }, POLL_MS);
  }

  /** The common name of a verified client certificate is a user's name. */
  private byCertificate(session: Session | undefined): AuthInfo {
    if (!session) return NOBODY;
    let user = this.certificateNames.get(session);
    if (user === undefined) {
      const socket = session.socket as TLSSocket;
      const { CN } = socket.authorized ? socket.getPeerCertificate().subject : { CN: "" };
      user = (Array.isArray(CN) ? CN[0] : CN) ?? "";
      this.certificateNames.set(session, user);
    }
    return user === "" ? NOBODY : { user, revision: this.options.machine.auth.revision };
  }
}

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);
