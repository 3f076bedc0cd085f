import assert from "node:assert/strict";
import { test } from "node:test";
import { CronError, type CronSchedule, isTimeZone, parseCron } from "./cron.ts";

/** Schedule → minutes, hours, days of the month, months, days of the week. */
const READ: [string, string][] = [
  ["*/20 1-3 1,15 * 0", "0,20,40 1,2,3 1,15 * 0"],
  ["5/25 0 * jan-mar mon-fri", "5,30,55 0 * 1,2,3 1,2,3,4,5"],
  ["@daily", "0 0 * * *"],
  ["TZ=Europe/Berlin 0 0 ? * 6", "0 0 * * 6"],
];
for (const [text, expected] of READ) test(`cron ${text}`, () => assert.equal(show(parseCron(text) as CronSchedule), expected));

const BAD: [string, string][] = [
  ["", "empty spec string"],
  ["* * * *", "expected exactly 5 fields, found 4: [* * * *]"],
  ["60 * * * *", "end of range (60) above maximum (59): 60"],
  ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
  ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"],
  ["*/0 * * * *", "step of range should be a positive number: */0"],
  ["error * * * *", 'failed to parse int from error: strconv.Atoi: parsing "error": invalid syntax'],
  ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
  ["@often", "unrecognized descriptor: @often"],
  ["TZ=Nowhere/Land 0 * * * *", "provided bad location Nowhere/Land: unknown time zone Nowhere/Land"],
];
for (const [text, message] of BAD) {
  test(`cron "${text}" is refused`, () =>
    assert.throws(
      () => parseCron(text),
      (error) => error instanceof CronError && error.message === message,
    ));
}

test("intervals are whole seconds", () => {
  assert.deepEqual(parseCron("@every 1h30m"), { every_ms: 5_400_000 });
  assert.deepEqual(parseCron("@every 10ms"), { every_ms: 1000 });
});

test("time zones", () => assert.deepEqual(["Europe/Berlin", "Etc/UTC", "Mars/Base", "+01:00"].map(isTimeZone), [true, true, false, false]));

function show(schedule: CronSchedule): string {
  const list = (values: ReadonlySet<number>, size: number) => (values.size === size ? "*" : [...values].join(","));
  const { minutes, hours, daysOfMonth, months, daysOfWeek } = schedule;
  return [list(minutes, 60), list(hours, 24), list(daysOfMonth, 31), list(months, 12), list(daysOfWeek, 7)].join(" ");
}
