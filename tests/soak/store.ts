// Real members of the store under load while everything goes wrong, run after run, each from its own seed:
// histories judged, watch streams checked, a report with a timeline of every run.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { reportOf } from "../../services/etcd/src/integration/report.ts";
import { type HistoryOutcome, runHistory } from "../../services/etcd/src/integration/run.ts";

const RUN_MS = 40_000;

export default async function store(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      minutes: { type: "string", default: "10" },
      /** The first run's; the others count on. One seed and the same machine give the same faults at about the same times. */
      seed: { type: "string", default: "1" },
      /** 0: three and five in turn. */
      members: { type: "string", default: "0" },
      clients: { type: "string", default: "10" },
      seconds: { type: "string", default: String(RUN_MS / 1000) },
      faults: { type: "string" },
      report: { type: "string", default: "soak-store.md" },
    },
  });
  const until = performance.now() + Number(values.minutes) * 60_000;
  const outcomes: HistoryOutcome[] = [];
  for (let seed = Number(values.seed); outcomes.length === 0 || performance.now() < until; seed++) {
    const members = Number(values.members) || (seed % 2 === 0 ? 5 : 3);
    const length_ms = Number(values.seconds) * 1000;
    const outcome = await runHistory({ seed, members, clients: Number(values.clients), length_ms, faults: values.faults?.split(",") });
    outcomes.push(outcome);
    const { operations } = outcome.recorder;
    const verdict = outcome.violations.length > 0 ? "VIOLATION" : (outcome.undecided ?? "linearizable");
    console.log(`seed ${seed}: ${members} members, ${operations.length} operations, ${outcome.events} events: ${verdict}`);
    for (const v of outcome.violations) console.log(v);
    writeFileSync(values.report, reportOf(outcomes));
  }
  console.log(`report: ${values.report}`);
  return outcomes.some((o) => o.violations.length > 0) ? 1 : 0;
}
