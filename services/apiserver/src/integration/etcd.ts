import { spawnSync } from "node:child_process";

/** A real etcd and its client are here. */
export const hasRealEtcd = (): boolean => spawnSync("etcd", ["--version"]).status === 0;

export const hasEtcdctl = (): boolean => spawnSync("etcdctl", ["version"], { env: { ...process.env, ETCDCTL_API: "3" } }).status === 0;
