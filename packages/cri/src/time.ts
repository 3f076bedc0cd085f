/** CRI's times: nanoseconds since the Unix epoch, as the decimal strings the stubs carry. */
export function nanos(epoch_ms: number): string {
  if (!(epoch_ms > 0)) return "0";
  const whole = Math.trunc(epoch_ms);
  return (BigInt(whole) * 1_000_000n + BigInt(Math.trunc((epoch_ms - whole) * 1e6))).toString();
}

/** RFC 3339 in UTC with nanoseconds, as the CRI log format wants it. */
export function logTime(epoch_ms: number): string {
  return `${new Date(epoch_ms).toISOString().slice(0, 23)}000000Z`;
}
