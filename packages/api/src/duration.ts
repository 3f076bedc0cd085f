const SECOND_MS = 1000;

/**
 * Ages as `kubectl get` prints them: two figures while small, then one ("119s", "9m59s", "3h", "2y50d").
 * Upstream: apimachinery duration.HumanDuration. Milliseconds.
 */
export function humanDuration(duration_ms: number): string {
  const seconds = Math.trunc(duration_ms / SECOND_MS);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 60 * 2) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 60 * 3) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  if (hours < 24 * 8) return pair(Math.floor(hours / 24), "d", hours % 24, "h");
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24)}d`;
  if (hours < 24 * 365 * 8) return pair(Math.floor(hours / 24 / 365), "y", Math.floor(hours / 24) % 365, "d");
  return `${Math.floor(hours / 24 / 365)}y`;
}

function pair(a: number, aUnit: string, b: number, bUnit: string): string {
  return b === 0 ? `${a}${aUnit}` : `${a}${aUnit}${b}${bUnit}`;
}

/** Age of an RFC 3339 time, "<unknown>" without one. */
export function ageOf(timestamp: string | null | undefined, now_ms: number): string {
  if (!timestamp) return "<unknown>";
  return humanDuration(now_ms - Date.parse(timestamp));
}

/** metav1.Time: RFC 3339 with whole seconds, UTC. */
export function formatTime(time_ms: number): string {
  const second = Math.floor(time_ms / SECOND_MS);
  if (second !== formatted.second) formatted = { second, text: `${new Date(time_ms).toISOString().slice(0, 19)}Z` };
  return formatted.text;
}

/** Thousands of objects are written in the same second. */
let formatted = { second: Number.NaN, text: "" };

/** metav1.MicroTime: RFC 3339 with six decimals, UTC. */
export function formatMicroTime(time_ms: number): string {
  const micros = String(Math.floor((time_ms - Math.floor(time_ms)) * 1000)).padStart(3, "0");
  return `${new Date(Math.floor(time_ms)).toISOString().slice(0, -1)}${micros}Z`;
}
