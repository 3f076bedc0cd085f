import { readFileSync } from "node:fs";

/** The interfaces of the machine, which is to say of the adapter's own network namespace (proc(5): /proc/PID/net/dev). */
function interfacesHere(): Set<string> {
  const lines = readFileSync("/proc/self/net/dev", "utf8").split("\n").slice(2);
  return new Set(lines.map((line) => line.split(":")[0]!.trim()));
}

/**
 * Whether a pod still hangs on this machine. A machine that was started again
 * has a new network namespace: pods that ran through it have lost theirs, though their processes live.
 */
export function isConnected(hostInterfaces: string[]): boolean {
  if (hostInterfaces.length === 0) return true;
  const here = interfacesHere();
  return hostInterfaces.every((name) => here.has(name));
}
