import type { Command } from "commander";

export const DEFAULT_NAME = "flotilla";

/** The options of every command. */
export function common(command: Command): Command {
  return command
    .option("--name <name>", "the cluster's name", DEFAULT_NAME)
    .option("--state-dir <dir>", "where clusters are kept (default: FLOTILLA_HOME, or ~/.flotilla)")
    .option("--kubeconfig <file>", "your kubeconfig (default: KUBECONFIG, or ~/.kube/config)")
    .option("-o, --output <format>", "text or json", "text");
}
