import { existsSync, rmSync } from "node:fs";
import type { KubeconfigReply } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Context, display, proto, withControl } from "../context.ts";
import { clusterExists } from "../control.ts";
import { removeContext, writeContext } from "../kubeconfig-file.ts";
import { settingsOf, UsageError } from "../settings.ts";
import { common } from "./common.ts";

const count = (min: number, max: number) => (text: string) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`Use a whole number from ${min} to ${max}.`);
  return value;
};

const DEFAULT_DOCKER = "unix:///var/run/docker.sock";

/** up, down, start, stop: the life of a cluster. */
export function clusterCommands(program: Command, context: Context): void {
  common(program.command("up"))
    .summary("bring up a cluster (again: harmless)")
    .description("Brings up a cluster, waits until every node is Ready and cluster DNS answers, and adds it to your kubeconfig.")
    .option("--workers <n>", "worker machines (default: 3)", count(0, 200))
    .option("--control-planes <n>", "control-plane machines, best an odd number (default: 3)", count(1, 7))
    .addOption(
      new Option("--runtime <runtime>", "where the workers' containers run (default: docker where it answers, else process)").choices([
        "docker",
        "process",
      ]),
    )
    .addOption(
      new Option("--driver <driver>", "what a machine is: a network namespace; for containers see docker-compose.yml")
        .choices(["netns", "compose"])
        .default("netns"),
    )
    .addOption(
      new Option("--failover <speed>", "fast: node time-outs and leases ten times shorter than Kubernetes' own").choices([
        "default",
        "fast",
      ]),
    )
    .option("--api-port <port>", "port of the API on 127.0.0.1 (default: 6443, or the next free one)", count(1, 65535))
    .option("--timeout <seconds>", "how long to wait for the cluster", count(1, 86_400), 120)
    .action((options) => up(context, options));

  common(program.command("down"))
    .summary("remove a cluster and everything of it")
    .description("Removes every process, container, namespace and file of a cluster, and its kubeconfig context.")
    .action((options) => down(context, options));

  common(program.command("stop [machine]"))
    .summary("stop a cluster or one machine, keeping its data")
    .action((machine: string | undefined, options) =>
      withControl(context, options, async ({ control, settings }) => {
        await control.follow(control.client.stop({ machine: machine ?? "" }), display(context));
        if (!machine) await gone(context, settings.controlSocket);
        context.tell(
          machine
            ? `Go on with: flotilla start ${machine}\n`
            : `Stopped; its data is in ${settings.stateDir}. Go on with: flotilla start\n`,
        );
      }),
    );

  common(program.command("start [machine]"))
    .summary("start a stopped cluster, or one stopped or killed machine")
    .option("--timeout <seconds>", "how long to wait for the cluster", count(1, 86_400), 120)
    .action((machine: string | undefined, options) =>
      withControl(context, options, async ({ control, settings }) => {
        const request = { machine: machine ?? "", timeoutMs: options.timeout * 1000 };
        await control.follow(control.client.start(request), display(context));
        if (machine) return;
        const kubeconfig = await control.call<object, KubeconfigReply>(proto.kubeconfig, {});
        await writeContext(settings.kubeconfigFiles, kubeconfig.yaml, context.clock);
      }),
    );
}

async function up(context: Context, options: any): Promise<void> {
  if (options.driver === "compose") {
    throw new UsageError("--driver compose: Docker Compose itself starts those machines, with: npm run image && docker-compose up -d");
  }
  await withControl(
    context,
    options,
    async ({ control, settings }) => {
      const config = {
        name: settings.name,
        controlPlanes: options.controlPlanes ?? 0,
        workers: options.workers ?? -1,
        runtime: options.runtime ?? "",
        failover: options.failover ?? "",
        apiPort: options.apiPort ?? 0,
        dockerEndpoint: context.around.dockerHost ?? DEFAULT_DOCKER,
      };
      const begun_ms = context.clock.monotonic();
      const failure = await control
        .follow(control.client.up({ config, timeoutMs: options.timeout * 1000 }), display(context))
        .catch((error) => error);
      if (failure && !clusterExists(settings)) throw failure;
      // Also when not all came up in time: kubectl is what one looks with.
      const kubeconfig = await control.call<object, KubeconfigReply>(proto.kubeconfig, {});
      const file = await writeContext(settings.kubeconfigFiles, kubeconfig.yaml, context.clock);
      if (failure) throw failure;
      const elapsed_s = (context.clock.monotonic() - begun_ms) / 1000;
      if (settings.output === "json") {
        const facts = {
          name: settings.name,
          context: kubeconfig.context,
          server: kubeconfig.server,
          kubeconfig: file,
          elapsed_s: Number(elapsed_s.toFixed(2)),
        };
        context.print(`${JSON.stringify(facts, null, 2)}\n`);
        return;
      }
      context.print(nextSteps(settings.name, kubeconfig, file, elapsed_s));
    },
    true,
  );
}

function nextSteps(name: string, kubeconfig: KubeconfigReply, file: string, elapsed_s: number): string {
  const flag = name === "flotilla" ? "" : ` --name ${name}`;
  return [
    "",
    `Cluster "${name}" is up after ${elapsed_s.toFixed(1)} s: ${kubeconfig.server}, context ${kubeconfig.context} in ${file}`,
    "",
    "What to type next:",
    "  kubectl get nodes -o wide",
    "  kubectl create deployment web --image=IMAGE",
    `  npx flotilla status${flag}`,
    `  npx flotilla kill store-leader${flag}      # and see it come back`,
    `  npx flotilla down${flag}`,
    "",
  ].join("\n");
}

async function down(context: Context, options: any): Promise<void> {
  const settings = settingsOf(options, context.around);
  const contextName = `flotilla-${settings.name}`;
  if (clusterExists(settings)) {
    await withControl(context, options, ({ control }) => control.follow(control.client.down({}), display(context)));
    await gone(context, settings.controlSocket);
    context.tell(`Cluster "${settings.name}" is gone.\n`);
  } else {
    context.tell(`There is no cluster "${settings.name}"; nothing to do.\n`);
  }
  rmSync(settings.stateDir, { recursive: true, force: true });
  await removeContext(settings.kubeconfigFiles, contextName, context.clock);
}

const GONE_PATIENCE_MS = 5000;

/** flotillad removes its socket when it ends. */
async function gone(context: Context, socket: string): Promise<void> {
  const end_ms = context.clock.monotonic() + GONE_PATIENCE_MS;
  while (existsSync(socket) && context.clock.monotonic() < end_ms) {
    await new Promise<void>((resolve) => context.clock.setTimeout(resolve, 20));
  }
}
