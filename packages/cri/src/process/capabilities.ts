import type { Capability } from "@flotilla/rpc/gen/cri/v1/api.ts";

/** What a container has unless it says otherwise: the list Docker and containerd use. */
const DEFAULT = [
  "chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
  "net_bind_service", "net_raw", "sys_chroot", "mknod", "audit_write", "setfcap",
]; // biome-ignore format: a table

const ALL = [
  ...DEFAULT,
  "dac_read_search", "linux_immutable", "net_broadcast", "net_admin", "ipc_lock", "ipc_owner", "sys_module",
  "sys_rawio", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time",
  "sys_tty_config", "lease", "audit_control", "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read",
]; // biome-ignore format: a table

/**
 * The bounding set of a container, in setpriv(1)'s names. Entering the root file
 * system happens after the set is in force, so the three capabilities it needs
 * stay even when all are dropped (a user other than root has none of them anyway).
 */
export function capabilitySet(wanted: Capability | undefined): string[] {
  const names = (list: string[]) => list.map((name) => name.toLowerCase().replace(/^cap_/, ""));
  const add = names(wanted?.addCapabilities ?? []);
  const drop = names(wanted?.dropCapabilities ?? []);
  const set = new Set(add.includes("all") ? ALL : drop.includes("all") ? [] : DEFAULT);
  for (const name of drop) set.delete(name);
  for (const name of add) if (name !== "all") set.add(name);
  for (const name of ["sys_chroot", "setuid", "setgid"]) set.add(name);
  return [...set].filter((name) => ALL.includes(name));
}
