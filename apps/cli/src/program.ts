import { FLOTILLA_VERSION } from "@flotilla/base";
import { Command, CommanderError } from "commander";
import { actCommands } from "./commands/act.ts";
import { clusterCommands } from "./commands/cluster.ts";
import { imageCommands } from "./commands/image.ts";
import { lookCommands } from "./commands/look.ts";
import type { Context } from "./context.ts";
import { ControlError } from "./control.ts";
import { UsageError } from "./settings.ts";

/** 0 ok, 1 failed, 2 used wrongly. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

export function createProgram(context: Context): Command {
  const program = new Command("flotilla")
    .description("A whole Kubernetes cluster of small real processes on this machine.")
    .version(FLOTILLA_VERSION)
    .enablePositionalOptions()
    .showHelpAfterError("(add --help for what it takes)")
    .configureOutput({ writeOut: context.print, writeErr: context.tell })
    .exitOverride();
  clusterCommands(program, context);
  lookCommands(program, context);
  actCommands(program, context);
  imageCommands(program, context);
  for (const command of [program, ...program.commands, ...program.commands.flatMap((c) => c.commands)]) {
    command.exitOverride().configureOutput({ writeOut: context.print, writeErr: context.tell });
    command.showHelpAfterError("(add --help for what it takes)");
  }
  return program;
}

/** Runs one command line; resolves to the exit code. */
export async function runProgram(context: Context, argv: readonly string[]): Promise<number> {
  try {
    await createProgram(context).parseAsync([...argv], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    context.tell(`flotilla: ${(error as Error).message}\n`);
    return error instanceof UsageError || (error instanceof ControlError && error.usage) ? EXIT.usage : EXIT.failed;
  }
}
