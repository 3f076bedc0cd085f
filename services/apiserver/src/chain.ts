import type { Aggregator } from "./aggregation/aggregator.ts";
import type { Audit } from "./audit/audit.ts";
import type { Authenticator } from "./authn/authenticator.ts";
import { impersonate } from "./authn/impersonation.ts";
import { attributesOf } from "./authz/attributes.ts";
import type { Authorizer } from "./authz/authorizer.ts";
import type { Documents } from "./documents/documents.ts";
import type { Limits } from "./fairness/create.ts";
import { dispatch, type SpecialOperations } from "./registry/dispatch.ts";
import type { Kernel } from "./registry/kernel.ts";
import type { Call, Reply } from "./request/call.ts";
import { accessDenied } from "./request/errors.ts";
import type { Readiness } from "./request/readiness.ts";

export interface ChainParts {
  readiness: Readiness;
  authenticator: Authenticator;
  authorizer: Authorizer;
  limits: Limits;
  /** undefined: nothing is recorded. */
  audit: Audit | undefined;
  kernel: Kernel;
  special: SpecialOperations;
  documents: Documents;
  aggregator: Pick<Aggregator, "route">;
}

type Next = (call: Call) => Promise<Reply>;
type Link = (parts: ChainParts, call: Call, next: Next) => Promise<Reply>;

const waitForStart: Link = (parts, call, next) => (parts.readiness.ready ? next(call) : parts.readiness.admit(call).then(() => next(call)));

const authenticate: Link = async (parts, call, next) => {
  try {
    call.user = await parts.authenticator.authenticate(call.credentials);
  } catch (error) {
    await parts.audit?.refused(call, error);
    throw error;
  }
  return next(call);
};

/** Before the caller acts as somebody else: the record names both. */
const record: Link = (parts, call, next) => (parts.audit ? parts.audit.run(call, next) : next(call));

const actAs: Link = (parts, call, next) => {
  if (call.credentials.impersonate) call.user = impersonate(parts.authorizer, call.user, call.credentials.impersonate);
  return next(call);
};

const limit: Link = (parts, call, next) => parts.limits.run(call, () => next(call));

const authorize: Link = (parts, call, next) => {
  const decision = parts.authorizer.authorize(attributesOf(call.user, call.info, call.query));
  call.annotations["authorization.k8s.io/decision"] = decision.allowed ? "allow" : "forbid";
  call.annotations["authorization.k8s.io/reason"] = decision.reason;
  if (decision.allowed) return next(call);
  // A browser shall not guess what a refusal with somebody's text in it might be.
  call.responseHeaders["X-Content-Type-Options"] = "nosniff";
  throw accessDenied(call.user, call.info, decision.reason);
};

/** Groups of extension servers are theirs; they ask here again who may do what, if they wish. */
const aggregate: Link = (parts, call, next) => {
  const reply = parts.aggregator.route(call);
  return reply ? Promise.resolve(reply) : next(call);
};

const serve: Link = async (parts, call) => {
  if (!call.info.isResource) return parts.limits.page?.(call) ?? parts.documents.serve(call);
  return dispatch(parts.kernel, parts.special, call);
};

/** Every request of every front end goes through these, in this order. Admission follows inside the registry's writes. */
const CHAIN: readonly Link[] = [waitForStart, authenticate, record, actAs, limit, authorize, aggregate, serve];

export function createChain(parts: ChainParts): Next {
  return CHAIN.reduceRight<Next>(
    (next, link) => (call) => link(parts, call, next),
    () => Promise.reject(new Error("the chain's last link answers")),
  );
}
