/** Timestamps (RFC 3339) and durations ("1h30m", "1.5s") as text. */
import { EvaluationError } from "./errors.ts";
import { Duration, Timestamp } from "./values.ts";

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
const UNIT_NANOS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

export function parseTimestamp(text: string): Timestamp {
  const match = RFC3339.exec(text);
  const time_ms = match ? Date.parse(`${text.slice(0, 19).toUpperCase()}${match[8]!.toUpperCase()}`) : Number.NaN;
  if (!match || Number.isNaN(time_ms)) throw new EvaluationError(`invalid timestamp: ${JSON.stringify(text)}`);
  return new Timestamp(BigInt(time_ms) * 1_000_000n + BigInt((match[7] ?? "").padEnd(9, "0")));
}

export function formatTimestamp({ nanos }: Timestamp): string {
  const fraction = nanos % 1_000_000_000n;
  const part = fraction < 0n ? fraction + 1_000_000_000n : fraction;
  const seconds = (nanos - part) / 1_000_000_000n;
  const decimals = part === 0n ? "" : `.${String(part).padStart(9, "0").replace(/0+$/, "")}`;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${decimals}Z`;
}

/** Go's time.ParseDuration. */
export function parseDuration(text: string): Duration {
  const signed = /^[+-]/.test(text);
  let at = signed ? 1 : 0;
  if (text.slice(at) === "0") return new Duration(0n);
  let nanos = 0n;
  do {
    PART.lastIndex = at;
    const match = PART.exec(text);
    if (!match) throw new EvaluationError(`invalid duration: ${JSON.stringify(text)}`);
    const [whole = "", fraction = ""] = match[1]!.split(".");
    const unit = UNIT_NANOS[match[2]!]!;
    nanos += BigInt(whole || "0") * unit + (fraction === "" ? 0n : (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length));
    at += match[0].length;
  } while (at < text.length);
  return new Duration(text.startsWith("-") ? -nanos : nanos);
}

/** Seconds with their fraction: "5400s", "0.5s". */
export function formatDuration({ nanos }: Duration): string {
  const magnitude = nanos < 0n ? -nanos : nanos;
  const fraction = magnitude % 1_000_000_000n;
  const decimals = fraction === 0n ? "" : `.${String(fraction).padStart(9, "0").replace(/0+$/, "")}`;
  return `${nanos < 0n ? "-" : ""}${magnitude / 1_000_000_000n}${decimals}s`;
}
