import { flushCompileCache } from "node:module";
import { type Clock, GIT_VERSION, type Logger, type Random } from "@flotilla/base";
import { FlagError, type FlagSpecs, type Flags, HelpRequested, helpText, parseFlags } from "./flags.ts";
import { createLogger } from "./logger.ts";
import { systemClock } from "./system-clock.ts";
import { systemRandom } from "./system-random.ts";

/** What every component is built from; tests and the simulator hand in their own. */
export interface BasePorts {
  clock: Clock;
  random: Random;
  log: Logger;
}

export interface Component {
  /** Resolves when everything is closed. Called once, on SIGTERM or SIGINT. */
  stop(): Promise<void>;
}

const COMMON = {
  v: { type: "int", default: 0, help: "number for the log level verbosity" },
  version: { type: "bool", default: false, help: "print version information and quit" },
} as const satisfies FlagSpecs;

const STOP_LIMIT_MS = 10_000;

/**
 * The frame around every component's main: flags, logger, signals, exit codes.
 * Exit codes: 0 stopped in order, 1 failed to start or crashed, 2 wrong flags.
 */
export async function runMain<const S extends FlagSpecs>(
  command: string,
  summary: string,
  specs: S,
  start: (flags: Flags<S>, ports: BasePorts) => Promise<Component>,
): Promise<void> {
  const flags = readFlags(command, summary, { ...COMMON, ...specs });
  const log = createLogger(command, flags.v as number);
  const crash = (error: unknown) => {
    log.error("crashed", { error });
    process.exit(1);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
  try {
    const component = await start(flags as unknown as Flags<S>, { clock: systemClock, random: systemRandom, log });
    stopOnSignal(component, log);
    keepCompiled();
  } catch (error) {
    log.error("could not start", { error });
    process.exit(1);
  }
}

const KEEP_COMPILED_AFTER_MS = 4000;

/**
 * Node writes its compile cache when a process ends in order, and ours are killed:
 * write it once the start's code has been compiled, so that the next start need not.
 */
function keepCompiled(): void {
  setTimeout(() => flushCompileCache(), KEEP_COMPILED_AFTER_MS).unref();
}

function readFlags<const S extends FlagSpecs>(command: string, summary: string, specs: S): Flags<S> {
  try {
    const flags = parseFlags(specs, process.argv.slice(2));
    if ((flags as { version?: boolean }).version) {
      process.stdout.write(`${command} ${GIT_VERSION}\n`);
      process.exit(0);
    }
    return flags;
  } catch (error) {
    if (error instanceof HelpRequested) {
      process.stdout.write(helpText(command, summary, specs));
      process.exit(0);
    }
    if (!(error instanceof FlagError)) throw error;
    process.stderr.write(`Error: ${error.message}\nSee '${command} --help'.\n`);
    process.exit(2);
  }
}

function stopOnSignal(component: Component, log: Logger): void {
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info("stopping", { signal });
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    component.stop().then(
      () => process.exit(0),
      (error) => {
        log.error("could not stop in order", { error });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
}
