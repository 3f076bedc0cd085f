import type { FlagSpecs } from "./flags.ts";

/**
 * Flags from the environment, as etcd takes them: `--data-dir` from
 * PREFIX_DATA_DIR. What the command line gives counts more.
 * @returns arguments to put before the given ones.
 */
export function flagsFromEnvironment(
  specs: FlagSpecs,
  prefix: string,
  env: Readonly<Record<string, string | undefined>>,
  given: readonly string[],
): string[] {
  const names = new Set(given.map((arg) => /^--([^=]+)/.exec(arg)?.[1]));
  return Object.keys(specs).flatMap((name) => {
    const value = env[`${prefix}_${name.toUpperCase().replaceAll("-", "_")}`];
    return value === undefined || value === "" || names.has(name) ? [] : [`--${name}=${value}`];
  });
}
