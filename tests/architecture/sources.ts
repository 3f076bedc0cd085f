import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Source {
  /** Path from the repository's root, with forward slashes. */
  path: string;
  /** "packages/raft", "services/etcd", … */
  room: string;
  text: string;
  isTest: boolean;
}

const ROOM_FOLDERS = ["packages", "services", "apps"];
const SKIPPED = new Set(["node_modules", "dist", "gen", "testdata", "public"]);

/** Folders that only tests import: simulations, harnesses, doubles, examples. A test holds them to it. */
export const TEST_FOLDER = /\/(test|testing|fake|simulation|integration|examples)\//;

/** Every TypeScript source of the rooms, generated code left out. */
export function sources(): Source[] {
  return ROOM_FOLDERS.flatMap((folder) => [...walk(join(ROOT, folder))]).map((file) => {
    const path = relative(ROOT, file).split(sep).join("/");
    return {
      path,
      room: path.split("/").slice(0, 2).join("/"),
      text: readFileSync(file, "utf8"),
      isTest: /\.test\.tsx?$/.test(path) || TEST_FOLDER.test(path) || path.startsWith("packages/testing/"),
    };
  });
}

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

/** Module specifiers a source imports, type-only imports included. */
export function imports(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((m) => m[1]!);
}

/** The source with comments and strings blanked, for looking for calls. */
export function codeOnly(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|[^:])\/\/.*$/gm, "$1")
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}
