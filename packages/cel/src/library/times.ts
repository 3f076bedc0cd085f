/** Parts of timestamps and durations; UTC where no time zone is named. */
import { EvaluationError } from "../errors.ts";
import { type Library, method, type Overload } from "../functions.ts";
import type { Duration, Timestamp } from "../values.ts";

const MILLI = 1_000_000n;

/** The wall clock there and then, as the UTC fields of a Date. */
function localDate(time: Timestamp, zone: string): Date {
  const rest = time.nanos % MILLI;
  const utc_ms = Number((time.nanos - (rest < 0n ? rest + MILLI : rest)) / MILLI);
  return new Date(utc_ms + offset_ms(zone, utc_ms));
}

function offset_ms(zone: string, utc_ms: number): number {
  if (zone === "" || zone === "UTC") return 0;
  const fixed = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (fixed) return (fixed[1] === "-" ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000;
  try {
    const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(new Date(utc_ms));
    const named = /GMT([+-])(\d\d):(\d\d)/.exec(parts.find(({ type }) => type === "timeZoneName")!.value);
    return named ? (named[1] === "-" ? -1 : 1) * (Number(named[2]) * 60 + Number(named[3])) * 60_000 : 0;
  } catch {
    throw new EvaluationError(`unknown time zone ${zone}`);
  }
}

const dayOfYear = (date: Date): number =>
  Math.floor((Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000);

const DATE_PARTS: Record<string, (date: Date) => number> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: dayOfYear,
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

const DURATION_PARTS: Record<string, (nanos: bigint) => bigint> = {
  getHours: (nanos) => nanos / 3_600_000_000_000n,
  getMinutes: (nanos) => nanos / 60_000_000_000n,
  getSeconds: (nanos) => nanos / 1_000_000_000n,
  getMilliseconds: (nanos) => (nanos / MILLI) % 1000n,
};

export const TIMES: Library = [
  ...Object.entries(DATE_PARTS).flatMap(([name, part]): Overload[] => [
    method(name, "timestamp -> int", ([time]) => BigInt(part(localDate(time, "")))),
    method(name, "timestamp, string -> int", ([time, zone]) => BigInt(part(localDate(time, zone)))),
  ]),
  ...Object.entries(DURATION_PARTS).map(([name, part]) =>
    method(name, "duration -> int", ([duration]: Duration[]) => part(duration!.nanos)),
  ),
];
