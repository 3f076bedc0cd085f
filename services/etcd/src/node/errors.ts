import { StoreError, type StoreErrorCode } from "@flotilla/mvcc";
import { Code, RpcError } from "../grpc/status.ts";

/** Every error a client can get, with etcd's code and message (etcd api/v3rpc/rpctypes). */
export const ERRORS = {
  emptyKey: [Code.INVALID_ARGUMENT, "etcdserver: key is not provided"],
  keyNotFound: [Code.INVALID_ARGUMENT, "etcdserver: key not found"],
  valueProvided: [Code.INVALID_ARGUMENT, "etcdserver: value is provided"],
  leaseProvided: [Code.INVALID_ARGUMENT, "etcdserver: lease is provided"],
  tooManyOps: [Code.INVALID_ARGUMENT, "etcdserver: too many operations in txn request"],
  duplicateKey: [Code.INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request"],
  compacted: [Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"],
  futureRevision: [Code.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision"],
  noSpace: [Code.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded"],
  leaseNotFound: [Code.NOT_FOUND, "etcdserver: requested lease not found"],
  leaseExists: [Code.FAILED_PRECONDITION, "etcdserver: lease already exists"],
  leaseTtlTooLarge: [Code.OUT_OF_RANGE, "etcdserver: too large lease TTL"],
  memberExists: [Code.FAILED_PRECONDITION, "etcdserver: member ID already exist"],
  peerUrlExists: [Code.FAILED_PRECONDITION, "etcdserver: Peer URLs already exists"],
  memberNotEnoughStarted: [Code.FAILED_PRECONDITION, "etcdserver: re-configuration failed due to not enough started members"],
  memberBadUrls: [Code.INVALID_ARGUMENT, "etcdserver: given member URLs are invalid"],
  memberNotFound: [Code.NOT_FOUND, "etcdserver: member not found"],
  memberNotLearner: [Code.FAILED_PRECONDITION, "etcdserver: can only promote a learner member"],
  learnerNotReady: [Code.FAILED_PRECONDITION, "etcdserver: can only promote a learner member which is in sync with leader"],
  tooManyLearners: [Code.FAILED_PRECONDITION, "etcdserver: too many learner members in cluster"],
  requestTooLarge: [Code.INVALID_ARGUMENT, "etcdserver: request is too large"],
  tooManyRequests: [Code.RESOURCE_EXHAUSTED, "etcdserver: too many requests"],
  noLeader: [Code.UNAVAILABLE, "etcdserver: no leader"],
  notLeader: [Code.FAILED_PRECONDITION, "etcdserver: not leader"],
  notLearnerCapable: [Code.UNAVAILABLE, "etcdserver: rpc not supported for learner"],
  stopped: [Code.UNAVAILABLE, "etcdserver: server stopped"],
  timeout: [Code.UNAVAILABLE, "etcdserver: request timed out"],
  timeoutLeaderFail: [Code.UNAVAILABLE, "etcdserver: request timed out, possibly due to previous leader failure"],
  badTransferee: [Code.FAILED_PRECONDITION, "etcdserver: bad leader transferee"],
  corrupt: [Code.DATA_LOSS, "etcdserver: corrupt cluster"],
  clusterIdMismatch: [Code.FAILED_PRECONDITION, "etcdserver: request cluster ID mismatch"],
} as const satisfies Record<string, readonly [Code, string]>;

export function rpcError(name: keyof typeof ERRORS): RpcError {
  const [code, message] = ERRORS[name];
  return new RpcError(code, message);
}

const OF_STORE: Record<StoreErrorCode, keyof typeof ERRORS> = {
  compacted: "compacted",
  "future-revision": "futureRevision",
  "lease-not-found": "leaseNotFound",
  "lease-exists": "leaseExists",
  "lease-ttl-too-large": "leaseTtlTooLarge",
  "key-not-found": "keyNotFound",
};

/** What a client sees of an error from below; a bug stays what it is. */
export const toRpcError = (error: unknown): unknown => (error instanceof StoreError ? rpcError(OF_STORE[error.code]) : error);
