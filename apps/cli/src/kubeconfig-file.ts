import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { type Clock, sleep } from "@flotilla/base";
import { parse, stringify } from "yaml";

/** A kubeconfig as YAML gives it; fields we do not know stay as they are. */
export interface KubeconfigDoc {
  clusters?: Named[] | null;
  users?: Named[] | null;
  contexts?: Named[] | null;
  "current-context"?: string;
  [field: string]: unknown;
}

interface Named {
  name: string;
  [field: string]: unknown;
}

const LISTS = ["clusters", "users", "contexts"] as const;

/** `ours` laid over `theirs`: entries of the same name are replaced, the rest stays; our context becomes current. */
export function mergeKubeconfig(theirs: KubeconfigDoc, ours: KubeconfigDoc): KubeconfigDoc {
  const merged: KubeconfigDoc = { apiVersion: "v1", kind: "Config", preferences: {}, ...theirs };
  for (const list of LISTS) {
    const added = ours[list] ?? [];
    const names = new Set(added.map((entry) => entry.name));
    merged[list] = [...(theirs[list] ?? []).filter((entry) => !names.has(entry.name)), ...added];
  }
  merged["current-context"] = ours["current-context"];
  return merged;
}

/** Without the entries called `name`; undefined when there were none. */
export function pruneKubeconfig(doc: KubeconfigDoc, name: string): KubeconfigDoc | undefined {
  const has = LISTS.some((list) => doc[list]?.some((entry) => entry.name === name)) || doc["current-context"] === name;
  if (!has) return undefined;
  const pruned = { ...doc };
  for (const list of LISTS) pruned[list] = (doc[list] ?? []).filter((entry) => entry.name !== name);
  if (pruned["current-context"] === name) pruned["current-context"] = "";
  return pruned;
}

/** As kubectl chooses: the first file of the list that exists, else the last. */
export function chooseFile(files: readonly string[]): string {
  return files.find((file) => existsSync(file)) ?? files.at(-1)!;
}

/** Writes our context into the user's file. @throws Error that names the file */
export async function writeContext(files: readonly string[], yaml: string, clock: Clock): Promise<string> {
  const file = chooseFile(files);
  await edit(file, clock, (doc) => mergeKubeconfig(doc, parse(yaml) as KubeconfigDoc));
  return file;
}

export async function removeContext(files: readonly string[], name: string, clock: Clock): Promise<void> {
  for (const file of files) if (existsSync(file)) await edit(file, clock, (doc) => pruneKubeconfig(doc, name));
}

const LOCK_PATIENCE_MS = 5000;

/** kubectl takes the same lock file for its own changes. The new text replaces the old in one step. */
async function edit(file: string, clock: Clock, change: (doc: KubeconfigDoc) => KubeconfigDoc | undefined): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const lock = `${file}.lock`;
  await takeLock(lock, clock);
  try {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const changed = change(parseDoc(file, text));
    if (!changed) return;
    // A link stays a link: its target is replaced.
    const target = existsSync(file) && lstatSync(file).isSymbolicLink() ? realpathSync(file) : file;
    const mode = existsSync(target) ? statSync(target).mode & 0o777 : 0o600;
    writeFileSync(`${target}.new`, stringify(changed, { lineWidth: 0 }), { mode });
    renameSync(`${target}.new`, target);
  } finally {
    rmSync(lock, { force: true });
  }
}

function parseDoc(file: string, text: string): KubeconfigDoc {
  try {
    const doc = parse(text) ?? {};
    if (typeof doc !== "object" || Array.isArray(doc)) throw new Error("not a mapping");
    return doc as KubeconfigDoc;
  } catch (error) {
    throw new Error(`${file} is not a kubeconfig (${(error as Error).message}); mend it, or name another with --kubeconfig`);
  }
}

async function takeLock(lock: string, clock: Clock): Promise<void> {
  const end_ms = clock.monotonic() + LOCK_PATIENCE_MS;
  for (;;) {
    try {
      closeSync(openSync(lock, "wx"));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (clock.monotonic() > end_ms) throw new Error(`${lock} is held by somebody else; remove it if nobody does`);
      await sleep(clock, 20);
    }
  }
}
