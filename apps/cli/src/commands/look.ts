import type { KubeconfigReply, LogsReply, ServiceUrlReply, StatusReply } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import type { Command } from "commander";
import { type Context, proto, withControl } from "../context.ts";
import { toControlError } from "../control.ts";
import { table } from "../display.ts";
import { UsageError } from "../settings.ts";
import { common } from "./common.ts";

/** status, kubeconfig, logs, service: everything that only looks. */
export function lookCommands(program: Command, context: Context): void {
  common(program.command("status"))
    .summary("show machines and components")
    .action((options) =>
      withControl(context, options, async ({ control, settings }) => {
        const status = await control.call<object, StatusReply>(proto.status, {});
        context.print(settings.output === "json" ? `${JSON.stringify(toJson(status), null, 2)}\n` : toText(status));
      }),
    );

  common(program.command("kubeconfig"))
    .summary("print the cluster's kubeconfig")
    .action((options) =>
      withControl(context, options, async ({ control }) => {
        context.print((await control.call<object, KubeconfigReply>(proto.kubeconfig, {})).yaml);
      }),
    );

  common(program.command("logs <component>"))
    .summary("show the log of a component, such as etcd@cp1 or kubelet@worker2")
    .option("-f, --follow", "go on as it grows")
    .option("--tail <n>", "only the last n lines", "-1")
    .action((target: string, options) =>
      withControl(context, options, async ({ control }) => {
        const tailLines = Number(options.tail);
        if (!Number.isInteger(tailLines)) throw new UsageError(`--tail "${options.tail}": use a whole number`);
        const stream = control.client.logs({ target, follow: options.follow === true, tailLines });
        try {
          for await (const message of stream) context.print((message as LogsReply).data.toString("utf8"));
        } catch (error) {
          throw toControlError(error);
        }
      }),
    );

  common(program.command("service <name>"))
    .summary("make a NodePort service reachable from this machine")
    .option("-n, --namespace <namespace>", "the service's namespace", "default")
    .option("--url", "print only the URL")
    .action((name: string, options) =>
      withControl(context, options, async ({ control, settings }) => {
        const { urls } = await control.call<object, ServiceUrlReply>(proto.serviceUrl, { namespace: options.namespace, name });
        if (settings.output === "json") context.print(`${JSON.stringify({ urls })}\n`);
        else if (options.url) context.print(`${urls.join("\n")}\n`);
        else context.print(table([["NAMESPACE", "NAME", "URL"], ...urls.map((url) => [options.namespace, name, url])]));
      }),
    );
}

function toJson(status: StatusReply): object {
  const { config, state, server, machines, components } = status;
  return {
    name: config?.name,
    state,
    server,
    machines: machines.map(({ name, role, address, state, runtime }) => ({ name, role, address, state, runtime })),
    components: components.map(({ name, component, machine, pid, state, restarts, leader }) => ({
      name,
      component,
      machine,
      pid,
      state,
      restarts,
      leader,
    })),
  };
}

function toText(status: StatusReply): string {
  const machines = status.machines.map((m) => [m.name, m.role, m.address, m.state, m.runtime]);
  const components = status.components.map((c) => [
    `${c.component}@${c.machine}`,
    c.pid ? String(c.pid) : "-",
    c.state,
    String(c.restarts),
    c.leader ? "leader" : "",
  ]);
  return [
    `Cluster "${status.config?.name}" (${status.state}), API at ${status.server}\n\n`,
    table([["MACHINE", "ROLE", "ADDRESS", "STATE", "RUNTIME"], ...machines]),
    "\n",
    table([["COMPONENT", "PID", "STATE", "RESTARTS", ""], ...components]),
  ].join("");
}
