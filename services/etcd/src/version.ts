/** The etcd version whose API and behaviour this store offers; clients choose features by it. */
export const SERVER_VERSION = "3.5.21";
export const CLUSTER_VERSION = "3.5.0";
