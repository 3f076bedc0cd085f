import { spawn } from "node:child_process";
import { type ActReply, ActRequest_Action, type EnterReply } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import type { Command } from "commander";
import { type Context, proto, withControl } from "../context.ts";
import { common } from "./common.ts";

const ACTIONS: [string, ActRequest_Action, string][] = [
  ["kill", ActRequest_Action.KILL, "SIGKILL a component, or everything on a machine"],
  ["pause", ActRequest_Action.PAUSE, "freeze a component or a machine (SIGSTOP)"],
  ["resume", ActRequest_Action.RESUME, "let a paused one go on"],
  ["restart", ActRequest_Action.RESTART, "end a component or a machine in order and start it again"],
];

const TARGETS = `
A target is a machine (worker1), a component on one (etcd@cp1, kubelet@worker2), or a
leader (store-leader, scheduler-leader, controller-manager-leader).`;

/** kill, pause, resume, restart, ssh: everything that reaches into a machine. */
export function actCommands(program: Command, context: Context): void {
  for (const [name, action, summary] of ACTIONS) {
    common(program.command(`${name} <target>`))
      .summary(summary)
      .description(`${summary}.\n${TARGETS}`)
      .action((target: string, options) =>
        withControl(context, options, async ({ control, settings }) => {
          const reply = await control.call<object, ActReply>(proto.act, { action, target });
          if (settings.output === "json")
            context.print(`${JSON.stringify({ action: name, target, components: reply.components }, null, 2)}\n`);
          else context.print(`${reply.message}\n`);
        }),
      );
  }

  common(program.command("ssh <machine> [command...]"))
    .summary("run a shell or a command inside a machine")
    .passThroughOptions()
    .action((machine: string, command: string[], options) =>
      withControl(context, options, async ({ control }) => {
        const enter = await control.call<object, EnterReply>(proto.enter, { machine });
        process.exitCode = await runInside(enter, command, context.around.path);
      }),
    );
}

/** With our own terminal; resolves to the command's exit code. */
function runInside(enter: EnterReply, command: string[], path: string): Promise<number> {
  const inner = command.length === 0 ? [enter.shell] : command.length === 1 ? [enter.shell, "-c", command[0]!] : command;
  const [program, ...args] = [...enter.argv, ...inner];
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, {
      stdio: "inherit",
      cwd: enter.workdir,
      env: { ...enter.env, PATH: path, TERM: "xterm-256color" },
    });
    // Ctrl-C belongs to what runs inside.
    process.on("SIGINT", () => {});
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal ? 130 : 1)));
  });
}
