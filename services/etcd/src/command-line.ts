import { readFileSync } from "node:fs";
import { GIT_VERSION } from "@flotilla/base";
import { flagsFromEnvironment } from "@flotilla/process/env-flags.ts";
import { type FlagSpecs, helpText } from "@flotilla/process/flags.ts";
import { FLAGS } from "./options.ts";
import { SERVER_VERSION } from "./version.ts";

/** The arguments to start with, or what to print instead, and the exit code. */
export type CommandLine = { argv: string[] } | { exit: number; text: string };

/** Flags that every component of ours has, besides etcd's. */
const COMMON: FlagSpecs = {
  v: { type: "int", default: 0, help: "number for the log level verbosity" },
  version: { type: "bool", default: false, help: "print version information and quit" },
  help: { type: "bool", default: false, help: "print this" },
  "config-file": {
    type: "string",
    help: "Path to the server configuration file; then other command-line flags and environment variables are ignored.",
  },
};

/**
 * etcd's command line: flags with one dash or two, ETCD_… variables for those
 * not given, or a configuration file for all of them, and its words for what is wrong.
 */
export async function commandLine(given: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<CommandLine> {
  const specs: FlagSpecs = { ...COMMON, ...FLAGS };
  const argv = given.map((arg) => (/^-[a-z][a-z-]+/.test(arg) ? `-${arg}` : arg));
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i]!;
    if (arg === "-h" || arg === "-v") continue;
    if (!arg.startsWith("-")) return { exit: 1, text: `error verifying flags, '${arg}' is not a valid flag. See 'etcd --help'.\n` };
    const [, name = "", value] = /^--([^=]+)(=.*)?$/s.exec(arg) ?? [];
    const spec = specs[name];
    if (!spec) return { exit: 2, text: `flag provided but not defined: -${name || arg.replace(/^-+/, "")}\n${usage()}` };
    if (name === "version") return { exit: 0, text: version() };
    // The next word is this flag's value.
    if (value === undefined && spec.type !== "bool") i++;
  }
  const all = [...flagsFromEnvironment({ ...FLAGS, "config-file": COMMON["config-file"]! }, "ETCD", env, argv), ...argv];
  const file = configFile(all);
  if (file === undefined) return { argv: all };
  try {
    // Loaded when it is needed: every start would pay for it.
    const { parse } = await import("yaml");
    return { argv: flagsFromFile(parse(readFileSync(file, "utf8"))) };
  } catch (error) {
    return { exit: 1, text: `error loading configuration file: ${(error as Error).message}\n` };
  }
}

function configFile(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((arg) => arg === "--config-file" || arg.startsWith("--config-file="));
  if (at < 0) return undefined;
  const arg = argv[at]!;
  return arg.includes("=") ? arg.slice(arg.indexOf("=") + 1) : argv[at + 1];
}

/** Sections of the file whose keys are flags with a prefix. */
const SECTIONS: Record<string, string> = { "client-transport-security": "", "peer-transport-security": "peer-" };

/** etcd's configuration file: a YAML map with the flags' names. Keys that are no flags of ours are passed over, as etcd does. */
export function flagsFromFile(file: unknown): string[] {
  const config = file ?? {};
  if (typeof config !== "object" || Array.isArray(config)) throw new Error("it is not a map of flags");
  const out: string[] = [];
  const take = (map: object, prefix: string) => {
    for (const [key, value] of Object.entries(map)) {
      const section = SECTIONS[key];
      if (section !== undefined && typeof value === "object" && value !== null) take(value, section);
      else if (prefix + key in FLAGS && value !== null && value !== "") out.push(`--${prefix}${key}=${String(value)}`);
    }
  };
  take(config, "");
  return out;
}

const usage = () => helpText("etcd", "Usage of etcd:", FLAGS);

const version = () =>
  `etcd Version: ${SERVER_VERSION}\nGit SHA: ${GIT_VERSION}\nNode Version: ${process.version}\nNode OS/Arch: ${process.platform}/${process.arch}\n`;
