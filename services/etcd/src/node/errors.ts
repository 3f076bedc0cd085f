import { StoreError, type StoreErrorCode } from "@flotilla/mvcc";
import { Code, RpcError } from "../grpc/status.ts";

/** Every error a client can get, with etcd's code and message (etcd api/v3rpc/rpctypes). */
export const ERRORS = {
  emptyKey: [Code.INVALID_ARGUMENT, "etcdserver: key is not provided"],
  keyNotFound: [Code.INVALID_ARGUMENT, "etcdserver: key not found"],
  valueProvided: [Code.INVALID_ARGUMENT, "etcdserver: value is provided"],
  leaseProvided: [Code.INVALID_ARGUMENT, "etcdserver: lease is provided"],
  invalidSortOption: [Code.INVALID_ARGUMENT, "etcdserver: invalid sort option"],
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
  /** Among members only. */
  memberRemoved: [Code.NOT_FOUND, "the member has been permanently removed from the cluster"],
  memberNotLearner: [Code.FAILED_PRECONDITION, "etcdserver: can only promote a learner member"],
  learnerNotReady: [Code.FAILED_PRECONDITION, "etcdserver: can only promote a learner member which is in sync with leader"],
  tooManyLearners: [Code.FAILED_PRECONDITION, "etcdserver: too many learner members in cluster"],
  requestTooLarge: [Code.INVALID_ARGUMENT, "etcdserver: request is too large"],
  tooManyRequests: [Code.RESOURCE_EXHAUSTED, "etcdserver: too many requests"],
  rootUserNotExist: [Code.FAILED_PRECONDITION, "etcdserver: root user does not exist"],
  rootRoleNotExist: [Code.FAILED_PRECONDITION, "etcdserver: root user does not have root role"],
  userExists: [Code.FAILED_PRECONDITION, "etcdserver: user name already exists"],
  userEmpty: [Code.INVALID_ARGUMENT, "etcdserver: user name is empty"],
  userNotFound: [Code.FAILED_PRECONDITION, "etcdserver: user name not found"],
  roleExists: [Code.FAILED_PRECONDITION, "etcdserver: role name already exists"],
  roleNotFound: [Code.FAILED_PRECONDITION, "etcdserver: role name not found"],
  roleEmpty: [Code.INVALID_ARGUMENT, "etcdserver: role name is empty"],
  authFailed: [Code.INVALID_ARGUMENT, "etcdserver: authentication failed, invalid user ID or password"],
  noPasswordUser: [Code.UNKNOWN, "auth: authentication failed, password was given for no password user"],
  permissionNotGiven: [Code.INVALID_ARGUMENT, "etcdserver: permission not given"],
  permissionDenied: [Code.PERMISSION_DENIED, "etcdserver: permission denied"],
  roleNotGranted: [Code.FAILED_PRECONDITION, "etcdserver: role is not granted to the user"],
  permissionNotGranted: [Code.FAILED_PRECONDITION, "etcdserver: permission is not granted to the role"],
  authNotEnabled: [Code.FAILED_PRECONDITION, "etcdserver: authentication is not enabled"],
  invalidAuthToken: [Code.UNAUTHENTICATED, "etcdserver: invalid auth token"],
  invalidAuthMgmt: [Code.INVALID_ARGUMENT, "etcdserver: invalid auth management"],
  authOldRevision: [Code.INVALID_ARGUMENT, "etcdserver: revision of auth store is old"],
  noLeader: [Code.UNAVAILABLE, "etcdserver: no leader"],
  notLeader: [Code.FAILED_PRECONDITION, "etcdserver: not leader"],
  notLearnerCapable: [Code.UNAVAILABLE, "etcdserver: rpc not supported for learner"],
  stopped: [Code.UNAVAILABLE, "etcdserver: server stopped"],
  timeout: [Code.UNAVAILABLE, "etcdserver: request timed out"],
  timeoutLeaderFail: [Code.UNAVAILABLE, "etcdserver: request timed out, possibly due to previous leader failure"],
  badTransferee: [Code.FAILED_PRECONDITION, "etcdserver: bad leader transferee"],
  unhealthy: [Code.UNAVAILABLE, "etcdserver: unhealthy cluster"],
  corrupt: [Code.DATA_LOSS, "etcdserver: corrupt cluster"],
  wrongDowngradeVersion: [Code.INVALID_ARGUMENT, "etcdserver: wrong downgrade target version format"],
  invalidDowngradeTarget: [Code.INVALID_ARGUMENT, "etcdserver: invalid downgrade target version"],
  downgradeInProcess: [Code.FAILED_PRECONDITION, "etcdserver: cluster has a downgrade job in progress"],
  noInflightDowngrade: [Code.FAILED_PRECONDITION, "etcdserver: no inflight downgrade job"],
  memberReplaced: [
    Code.FAILED_PRECONDITION,
    "the member has another data directory than the one it took part with; remove it from the cluster and add it again",
  ],
  clusterIdMismatch: [Code.FAILED_PRECONDITION, "etcdserver: request cluster ID mismatch"],
} as const satisfies Record<string, readonly [Code, string]>;

/** Another member will have nothing to do with this one, now or later. */
export const isExpulsion = ({ message }: Error) => message === ERRORS.memberRemoved[1] || message === ERRORS.memberReplaced[1];

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
