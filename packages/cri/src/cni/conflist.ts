import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { criErrors } from "../errors.ts";
import type { NetworkList } from "./types.ts";

/** The first configuration by file name wins, as in every CNI runtime. */
export async function loadNetwork(dir: string): Promise<NetworkList | undefined> {
  const files = (await readdir(dir).catch(() => [])).filter((name) => /\.(conflist|conf|json)$/.test(name)).sort();
  for (const file of files) {
    const path = join(dir, file);
    try {
      return parseNetwork(JSON.parse(await readFile(path, "utf8")));
    } catch (error) {
      throw criErrors.failed(`CNI configuration ${path}`, (error as Error).message);
    }
  }
  return undefined;
}

/** A list, or one plug-in's configuration as a list of one. */
export function parseNetwork(value: any): NetworkList {
  if (typeof value?.name !== "string" || value.name === "") throw new Error("it has no name");
  const cniVersion = value.cniVersion ?? "0.2.0";
  const plugins = Array.isArray(value.plugins) ? value.plugins : [value];
  if (plugins.length === 0) throw new Error("it lists no plugins");
  for (const plugin of plugins) if (typeof plugin?.type !== "string") throw new Error("a plugin has no type");
  return { cniVersion, name: value.name, plugins };
}
