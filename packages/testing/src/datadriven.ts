import { readFileSync, writeFileSync } from "node:fs";

/**
 * Tests as transcripts: a file of commands, each followed by what it printed.
 *
 *   command arg key=value
 *   ----
 *   output
 *
 * Blocks are separated by an empty line; lines that begin with # are comments.
 * With UPDATE_TESTDATA=1 the outputs are written anew.
 */
export interface Command {
  readonly name: string;
  readonly args: readonly string[];
  readonly options: ReadonlyMap<string, string>;
  /** "file:line", for error messages. */
  readonly at: string;
}

/** Runs every command of the file. @throws Error naming the place where output and file differ. */
export function runTranscript(path: string, run: (command: Command) => string): void {
  const blocks = readFileSync(path, "utf8").split("\n\n");
  const out: string[] = [];
  let line = 1;
  for (const block of blocks) {
    out.push(runBlock(block, `${path}:${line}`, run));
    line += block.split("\n").length + 1;
  }
  const text = `${out.join("\n\n").trimEnd()}\n`;
  if (process.env["UPDATE_TESTDATA"]) writeFileSync(path, text);
}

function runBlock(block: string, at: string, run: (command: Command) => string): string {
  const lines = block.trim().split("\n");
  const head = lines.findIndex((l) => l !== "" && !l.startsWith("#"));
  if (head < 0) return block.trim();
  const command = parse(lines[head]!, at);
  const actual = run(command).trimEnd() || "ok";
  const rule = lines.indexOf("----");
  const expected =
    rule < 0
      ? ""
      : lines
          .slice(rule + 1)
          .join("\n")
          .trimEnd();
  if (!process.env["UPDATE_TESTDATA"] && actual !== expected) {
    throw new Error(`${at}: ${command.name}\n--- expected\n${expected}\n--- got\n${actual}`);
  }
  return [...lines.slice(0, head + 1), "----", actual].join("\n");
}

function parse(text: string, at: string): Command {
  const [name = "", ...rest] = text.trim().split(/\s+/);
  const args: string[] = [];
  const options = new Map<string, string>();
  for (const word of rest) {
    const i = word.indexOf("=");
    if (i > 0) options.set(word.slice(0, i), word.slice(i + 1));
    else args.push(word);
  }
  return { name, args, options, at };
}
