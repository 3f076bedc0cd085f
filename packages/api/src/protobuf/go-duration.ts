/** Go's time.Duration, nanoseconds ↔ "1h2m3.5s". */
const UNITS: Record<string, number> = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, µs: 1e3, ns: 1 };

export function parseGoDuration(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  let nanos = 0;
  for (const [, number, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) nanos += Number(number) * UNITS[unit!]!;
  return sign * Math.round(nanos);
}

export function formatGoDuration(nanos: number): string {
  if (nanos === 0) return "0s";
  const sign = nanos < 0 ? "-" : "";
  let rest = Math.abs(nanos);
  if (rest < 1e9) {
    const unit = rest < 1e3 ? "ns" : rest < 1e6 ? "µs" : "ms";
    return `${sign}${rest / UNITS[unit]!}${unit}`;
  }
  const hours = Math.floor(rest / 3.6e12);
  rest -= hours * 3.6e12;
  const minutes = Math.floor(rest / 6e10);
  rest -= minutes * 6e10;
  const seconds = `${rest / 1e9}s`;
  return sign + (hours > 0 ? `${hours}h` : "") + (hours > 0 || minutes > 0 ? `${minutes}m` : "") + seconds;
}
