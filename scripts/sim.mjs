// npm run sim: clusters in virtual time, one life per seed, under faults of every kind.
//   npm run sim -- --seeds 20000          a night's work; a seed that fails is named
//   npm run sim -- --seed 4711            one seed with its whole trace
//   npm run sim -- --core --seeds 20000   the Raft core alone: a hundred times as fast
//   --from N the first seed (1), --jobs N processes (one per processor)
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "300" },
    from: { type: "string", default: "1" },
    jobs: { type: "string", default: String(availableParallelism()) },
    seed: { type: "string" },
    core: { type: "boolean", default: false },
    /** Of the processes started from here: every how many seeds is theirs. */
    stride: { type: "string", default: "0" },
  },
});
const number = (name) => {
  const n = Number(values[name]);
  if (Number.isSafeInteger(n) && n >= 0) return n;
  console.error(`--${name} must be a whole number, not "${values[name]}"`);
  process.exit(2);
};

/** One life. @throws what was violated */
const simulate = values.core ? await core() : await store();

async function store() {
  const { simulateStore } = await import("../services/etcd/src/simulation/simulate.ts");
  return async (seed, print) => {
    const { answered, operations, revisions, terms } = await simulateStore({ seed, print });
    return `${operations} operations, ${answered} answered; ${revisions} revisions, ${terms} terms`;
  };
}

async function core() {
  const { simulate: run } = await import("../packages/raft/src/testing/cluster.ts");
  // By turns: ordinary faults, leaders falling again and again, changing memberships.
  const kinds = [{}, { storm: true }, { membershipChanges: true }];
  return async (seed, print) => {
    const { acknowledged, terms } = run({ seed, steps: 1500, print, ...kinds[seed % kinds.length] });
    return `${acknowledged} entries committed, ${terms} terms`;
  };
}

if (values.seed !== undefined) await one(number("seed"));
else if (number("stride") > 0) await worker(number("from"), number("seeds"), number("stride"));
else await all(number("from"), number("seeds"), Math.max(1, number("jobs")));

async function one(seed) {
  try {
    console.log(`seed ${seed}: nothing is wrong. ${await simulate(seed, (line) => console.log(line))}`);
  } catch (error) {
    console.error(`\n${String(error.message).split("\n")[0]}\n${error.cause ?? error.stack}`);
    process.exitCode = 1;
  }
}

async function worker(from, seeds, stride) {
  for (let seed = from; seed < from + seeds * stride; seed += stride) {
    try {
      await simulate(seed);
      process.send({ seed });
    } catch (error) {
      process.send({ seed, wrong: String(error.message).split("\n")[0] });
    }
  }
  process.disconnect();
}

async function all(from, seeds, jobs) {
  const started = performance.now();
  let done = 0;
  const failed = [];
  const rate = () => `${done} of ${seeds} seeds in ${((performance.now() - started) / 1000).toFixed(0)} s`;
  const progress = setInterval(() => console.log(`${rate()}, ${failed.length} failed`), 30_000);
  const children = Array.from({ length: Math.min(jobs, seeds) }, (_, i) => {
    const share = Math.floor(seeds / jobs) + (i < seeds % jobs ? 1 : 0);
    const args = ["--from", from + i, "--seeds", share, "--stride", jobs, ...(values.core ? ["--core"] : [])].map(String);
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    child.on("message", ({ seed, wrong }) => {
      done++;
      if (!wrong) return;
      failed.push(seed);
      console.log(`seed ${seed} FAILED: ${wrong}\n  replay: npm run sim -- ${values.core ? "--core " : ""}--seed ${seed}`);
    });
    return new Promise((resolve) => child.on("exit", resolve));
  });
  const codes = await Promise.all(children);
  clearInterval(progress);
  console.log(`${rate()}, ${failed.length} failed${failed.length > 0 ? `: ${failed.sort((a, b) => a - b).join(", ")}` : ""}`);
  if (failed.length > 0 || done < seeds || codes.some((code) => code !== 0)) process.exitCode = 1;
}
