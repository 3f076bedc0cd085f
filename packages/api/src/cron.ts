/**
 * Cron schedules of CronJobs: five fields, descriptors and @every, as github.com/robfig/cron v3 ParseStandard reads
 * them, with its messages. Times are the schedule's own time zone's.
 */

export class CronError extends Error {
  override name = "CronError";
}

/** Which minutes, hours, … match. `any…`: the field began with "*" (days match by either field unless one is "*"). */
export interface CronSchedule {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>;
  readonly anyDayOfMonth: boolean;
  readonly anyDayOfWeek: boolean;
}

/** "@every 1h30m": from one start to the next, at least a second. */
export interface CronInterval {
  readonly every_ms: number;
}

interface Bounds {
  min: number;
  max: number;
  names?: readonly string[];
}

const MINUTES: Bounds = { min: 0, max: 59 };
const HOURS: Bounds = { min: 0, max: 23 };
const DAYS: Bounds = { min: 1, max: 31 };
const MONTHS: Bounds = { min: 1, max: 12, names: "jan feb mar apr may jun jul aug sep oct nov dec".split(" ") };
const WEEKDAYS: Bounds = { min: 0, max: 6, names: "sun mon tue wed thu fri sat".split(" ") };
const FIELDS = [MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS];

const DESCRIPTORS: Record<string, string> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** Throws CronError. A leading "TZ=…" or "CRON_TZ=…" is left out: which zone counts is the caller's. */
export function parseCron(text: string): CronSchedule | CronInterval {
  if (text === "") throw new CronError("empty spec string");
  const spec = /^(?:CRON_)?TZ=/.test(text) ? withoutZone(text) : text;
  if (spec.startsWith("@every ")) return { every_ms: parseEvery(spec) };
  if (spec.startsWith("@") && DESCRIPTORS[spec] === undefined) throw new CronError(`unrecognized descriptor: ${spec}`);
  const parts = (DESCRIPTORS[spec] ?? spec).trim().split(/\s+/);
  if (parts.length !== FIELDS.length) {
    throw new CronError(`expected exactly ${FIELDS.length} fields, found ${parts.length}: [${parts.join(" ")}]`);
  }
  const [minutes, hours, daysOfMonth, months, daysOfWeek] = parts.map((part, index) => parseField(part, FIELDS[index]!));
  return {
    minutes: minutes!.values,
    hours: hours!.values,
    daysOfMonth: daysOfMonth!.values,
    months: months!.values,
    daysOfWeek: daysOfWeek!.values,
    anyDayOfMonth: daysOfMonth!.any,
    anyDayOfWeek: daysOfWeek!.any,
  };
}

function withoutZone(text: string): string {
  const blank = text.indexOf(" ");
  const zone = text.slice(text.indexOf("=") + 1, blank < 0 ? undefined : blank);
  if (!isTimeZone(zone)) throw new CronError(`provided bad location ${zone}: unknown time zone ${zone}`);
  return blank < 0 ? "" : text.slice(blank).trim();
}

/** Whether the time zone database has this name. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).format(0) !== "" && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

const UNIT_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function parseEvery(spec: string): number {
  const text = spec.slice("@every ".length);
  if (!/^(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) {
    throw new CronError(`failed to parse duration ${spec}: time: invalid duration ${JSON.stringify(text)}`);
  }
  let total_ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) total_ms += Number(count) * UNIT_MS[unit!]!;
  return Math.max(1000, Math.floor(total_ms / 1000) * 1000);
}

function parseField(text: string, bounds: Bounds): { values: Set<number>; any: boolean } {
  const values = new Set<number>();
  let any = false;
  for (const expression of text.split(",").filter((part) => part !== "")) {
    if (addRange(expression, bounds, values)) any = true;
  }
  return { values, any };
}

/** "*", "?", "5", "1-5", "mon-fri", each with "/step"; returns whether it is the star. */
function addRange(expression: string, bounds: Bounds, values: Set<number>): boolean {
  const [range = "", step, ...more] = expression.split("/");
  const [low = "", high, ...rest] = range.split("-");
  const star = low === "*" || low === "?";
  if (!star && rest.length > 0) throw new CronError(`too many hyphens: ${expression}`);
  const start = star ? bounds.min : parseValue(low, bounds);
  let end = star ? bounds.max : high === undefined ? start : parseValue(high, bounds);
  if (more.length > 0) throw new CronError(`too many slashes: ${expression}`);
  const stride = step === undefined ? 1 : parseNumber(step);
  if (step !== undefined && high === undefined) end = bounds.max; // "5/15" means "5-max/15"
  if (start < bounds.min) throw new CronError(`beginning of range (${start}) below minimum (${bounds.min}): ${expression}`);
  if (end > bounds.max) throw new CronError(`end of range (${end}) above maximum (${bounds.max}): ${expression}`);
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${expression}`);
  if (stride === 0) throw new CronError(`step of range should be a positive number: ${expression}`);
  for (let value = start; value <= end; value += stride) values.add(value);
  return star && stride === 1;
}

function parseValue(text: string, bounds: Bounds): number {
  const named = bounds.names?.indexOf(text.toLowerCase()) ?? -1;
  return named >= 0 ? named + bounds.min : parseNumber(text);
}

function parseNumber(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new CronError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const value = Number(text);
  if (value < 0) throw new CronError(`negative number (${value}) not allowed: ${text}`);
  return value;
}
