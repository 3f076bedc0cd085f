import type { Recorder } from "./recorder.ts";
import type { HistoryOutcome } from "./run.ts";

/** How long after a fault was mended its consequences are looked for. */
const AFTER_MS = 1500;
const BAR = 40;

interface Strike {
  readonly name: string;
  readonly from_ms: number;
  readonly to_ms: number;
}

/** A report on runs, as markdown: verdicts, what each kind of fault cost, and each run second by second. */
export function reportOf(outcomes: readonly HistoryOutcome[]): string {
  const wrong = outcomes.filter((o) => o.violations.length > 0);
  const undecided = outcomes.filter((o) => o.undecided !== undefined).length;
  const answered = sum(outcomes.map((o) => o.recorder.operations.filter((x) => x.output).length));
  const unknown = sum(outcomes.map((o) => o.recorder.operations.length)) - answered;
  return [
    "# Histories of real members under faults",
    `${outcomes.length} runs, ${answered} operations answered, ${unknown} with an unknown outcome, ` +
      `${sum(outcomes.map((o) => o.events))} events on ${sum(outcomes.map((o) => o.recorder.streams.length))} watch streams.`,
    wrong.length === 0 ? "**No violation; no acknowledged write lost.**" : `**${wrong.length} runs with violations.**`,
    undecided > 0 ? `${undecided} runs undecided: the search was given up.` : "",
    "## What faults cost",
    "The longest time without an answered write while the fault lasted, and shortly after.",
    table(["fault", "times", "median ms", "worst ms"], costs(outcomes)),
    "## Runs",
    table(
      ["seed", "members", "seconds", "answered", "unknown", "events", "faults", "verdict"],
      outcomes.map(({ options, recorder, events, violations, undecided: open }) => [
        options.seed,
        options.members,
        (options.length_ms / 1000).toFixed(0),
        recorder.operations.filter((o) => o.output).length,
        recorder.operations.filter((o) => !o.output).length,
        events,
        strikesOf(recorder).length,
        violations.length > 0 ? "**VIOLATION**" : open ? "undecided" : "linearizable",
      ]),
    ),
    ...outcomes.flatMap(timeline),
  ]
    .filter(Boolean)
    .join("\n\n")
    .concat("\n");
}

function timeline({ options, recorder, violations }: HistoryOutcome): string[] {
  const seconds = Math.ceil(recorder.now_ms() / 1000);
  const writes = Array.from({ length: seconds }, () => 0);
  for (const at_ms of writesOf(recorder)) writes[Math.floor(at_ms / 1000)]!++;
  const last = Math.max(...recorder.marks.map((m) => m.at_ms), options.length_ms);
  const most = Math.max(...writes, 1);
  const rows = writes.slice(0, Math.ceil(last / 1000) + 1).map((count, second) => {
    const marks = recorder.marks.filter((m) => Math.floor(m.at_ms / 1000) === second).map((m) => m.what);
    return `${String(second).padStart(4)} s ${String(count).padStart(5)} ${"█".repeat(Math.ceil((count / most) * BAR)).padEnd(BAR)} ${marks.join("; ")}`.trimEnd();
  });
  return [
    `### Seed ${options.seed}, ${options.members} members`,
    ...violations.map((v) => `\`\`\`\n${v}\n\`\`\``),
    ["Writes answered per second:", "```", ...rows, "```"].join("\n"),
  ];
}

function costs(outcomes: readonly HistoryOutcome[]): (string | number)[][] {
  const gaps = new Map<string, number[]>();
  for (const { recorder } of outcomes) {
    const writes = writesOf(recorder);
    for (const strike of strikesOf(recorder)) {
      const list = gaps.get(strike.name) ?? [];
      list.push(longestGap(writes, strike.from_ms, strike.to_ms + AFTER_MS));
      gaps.set(strike.name, list);
    }
  }
  return [...gaps]
    .map(([name, list]) => [name, list.toSorted((a, b) => a - b)] as const)
    .sort(([, a], [, b]) => median(b) - median(a))
    .map(([name, list]) => [name, list.length, median(list).toFixed(0), list.at(-1)!.toFixed(0)]);
}

/** When writes were answered, in order. */
const writesOf = ({ operations }: Recorder) =>
  operations
    .filter((o) => o.output && o.input.kind !== "get")
    .map((o) => o.return)
    .sort((a, b) => a - b);

function strikesOf({ marks }: Recorder): Strike[] {
  return marks.flatMap((m, i) => {
    if (!m.what.startsWith("→ ")) return [];
    const name = m.what.slice(2);
    const end = marks.slice(i).find((x) => x.what === `← ${name}`);
    return end ? [{ name, from_ms: m.at_ms, to_ms: end.at_ms }] : [];
  });
}

function longestGap(times: readonly number[], from_ms: number, to_ms: number): number {
  let before = from_ms;
  let longest = 0;
  for (const at of times) {
    if (at < from_ms) continue;
    longest = Math.max(longest, Math.min(at, to_ms) - before);
    if (at > to_ms) return longest;
    before = at;
  }
  return Math.max(longest, to_ms - before);
}

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const median = (sorted: readonly number[]) => sorted[sorted.length >> 1]!;
const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
