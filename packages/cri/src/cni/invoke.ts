import { join } from "node:path";
import { run } from "../exec.ts";
import { isExecutable, TOOL_ENV } from "../process/tools.ts";
import type { Attachment, CniResult, Command, PluginConf, PluginRunner } from "./types.ts";

const PLUGIN_LIMIT_MS = 60_000;

export function findPlugin(type: string, binDirs: string[]): string | undefined {
  return binDirs.map((dir) => join(dir, type)).find(isExecutable);
}

/** Runs plug-in executables: parameters in the environment, configuration on stdin, the result on stdout. */
export function executableRunner(path: string, binDirs: string[]): PluginRunner {
  return async (command: Command, conf: PluginConf, attachment: Attachment) => {
    const env = {
      ...TOOL_ENV,
      CNI_COMMAND: command,
      CNI_CONTAINERID: attachment.containerId,
      CNI_NETNS: attachment.netns,
      CNI_IFNAME: attachment.ifName,
      CNI_ARGS: Object.entries(attachment.args)
        .map(([key, value]) => `${key}=${value}`)
        .join(";"),
      CNI_PATH: binDirs.join(":"),
    };
    const output = await run([path], { env, input: JSON.stringify(conf), timeout_ms: PLUGIN_LIMIT_MS });
    if (output.code !== 0)
      throw new Error(`plugin type="${conf.type}" failed (${command.toLowerCase()}): ${failure(output.stdout, output.stderr)}`);
    const text = output.stdout.toString().trim();
    return text === "" ? undefined : (JSON.parse(text) as CniResult);
  };
}

function failure(stdout: Buffer, stderr: Buffer): string {
  try {
    const error = JSON.parse(stdout.toString());
    return [error.msg, error.details].filter(Boolean).join("; ");
  } catch {
    return (stderr.toString() || stdout.toString()).trim() || "no error message";
  }
}
