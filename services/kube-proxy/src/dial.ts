/** Patience per attempt in milliseconds, as upstream's userspace proxy: a dead node costs a quarter second. */
export const DIAL_TIMEOUTS_MS = [250, 500, 1000, 2000];

/** "10.0.0.1:80" or "[fd00::1]:80". */
export function splitHostPort(target: string): { host: string; port: number } {
  const at = target.lastIndexOf(":");
  const host = target.startsWith("[") ? target.slice(1, at - 1) : target.slice(0, at);
  return { host, port: Number(target.slice(at + 1)) };
}
