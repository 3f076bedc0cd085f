// Transcripts of shell sessions as files that read like documentation:
//
//   # What this is about.
//
//   $ kubectl get pods
//   No resources found in demo namespace.
//
//   $ kubectl auth whoami
//   ATTRIBUTE  VALUE
//   ...
//   [1.27]
//   error: ...
//
// The first answer under a command is the newest kubectl's; "[versions]" heads what others print. What differs
// from run to run (ages, names' random ends, addresses, times) is written as <age>, <id> and so on.
import { readFileSync, writeFileSync } from "node:fs";

export interface Step {
  /** Lines above the command: headings, explanations. */
  comment: string;
  /** With its here-document, as a shell takes it. */
  command: string;
  /** Version → output; the newest version's stands under "". */
  answers: Map<string, string>;
}

const VERSIONS = /^\[((?:1\.\d+)(?:, 1\.\d+)*)\]$/;

export function readTranscript(path: string): Step[] {
  const steps: Step[] = [];
  const lines = readFileSync(path, "utf8").split("\n");
  let comment: string[] = [];
  for (let at = 0; at < lines.length; ) {
    if (!lines[at]!.startsWith("$ ")) {
      comment.push(lines[at++]!);
      continue;
    }
    const command = [lines[at++]!.slice(2)];
    const [, end] = /<<'?(\w+)'?/.exec(command[0]!) ?? [];
    if (end)
      do command.push(lines[at]!);
      while (lines[at++] !== end);
    const answers = new Map<string, string>();
    let versions = [""];
    let text: string[] = [];
    const close = () => {
      for (const version of versions) answers.set(version, text.join("\n").trimEnd());
    };
    // A heading stands after an empty line; what a program prints may begin with "#" too.
    const ends = (line: number) => lines[line]!.startsWith("$ ") || (lines[line]!.startsWith("# ") && lines[line - 1] === "");
    for (; at < lines.length && !ends(at); at++) {
      const [, others] = VERSIONS.exec(lines[at]!) ?? [];
      if (others) {
        close();
        versions = others.split(", ");
        text = [];
      } else text.push(lines[at]!);
    }
    close();
    steps.push({ comment: comment.join("\n"), command: command.join("\n"), answers });
    comment = [];
  }
  return steps;
}

/** The file again, with what each version printed; versions oldest first. */
export function writeTranscript(path: string, steps: readonly Step[], printed: ReadonlyMap<string, readonly string[]>): void {
  const versions = [...printed.keys()];
  const newest = versions.at(-1)!;
  const blocks = steps.map(({ comment, command }, index) => {
    const first = printed.get(newest)![index]!;
    const others = new Map<string, string[]>();
    for (const version of versions) {
      const text = printed.get(version)![index]!;
      if (text !== first) others.set(text, [...(others.get(text) ?? []), version]);
    }
    const variants = [...others].map(([text, of]) => `[${of.join(", ")}]\n${text}`.trimEnd());
    return [
      ...(comment.trim() === "" ? [] : [`${comment.trim()}\n`]),
      [`$ ${command}`, first, ...variants].filter(Boolean).join("\n"),
    ].join("\n");
  });
  writeFileSync(path, `${blocks.join("\n\n")}\n`);
}

const NORMAL: [RegExp, string][] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uid>"],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>"],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000/g, "<time>"],
  [/^([WEI])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ /gm, "$1 "],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, "<time>"],
  [/\b[\w-]+:\/\/[0-9a-f]{64}\b/g, "<container-id>"],
  [/\bsha256:[0-9a-f]{64}\b/g, "<digest>"],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, "<token>"],
  [/-[0-9a-f]{7,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "-<hash>-<id>"],
  [/\b(web|api|batch|daemon|site)-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "$1-<id>"],
  [/\b(web|api|site)-[0-9a-f]{7,10}\b/g, "$1-<hash>"],
  [/pod-template-hash(=| = |": ")[0-9a-f]{7,10}/g, "pod-template-hash$1<hash>"],
  [/\bkube-proxy-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "kube-proxy-<id>"],
  [/\bkube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "kube-api-access-<id>"],
  [/\bdebugger-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "debugger-<id>"],
  [/\b10\.244\.\d+\.\d+\b/g, "<pod-ip>"],
  [/\b10\.(9[6-9]|10\d|11[01])\.\d+\.\d+\b/g, "<cluster-ip>"],
  [/\b172\.30\.0\.\d+\b/g, "<node-ip>"],
  [/https:\/\/127\.0\.0\.1:\d+/g, "<server>"],
  [/:3[0-2]\d{3}\/(TCP|UDP)/g, ":<node-port>/$1"],
  [/GitCommit:"[0-9a-f]*"/g, 'GitCommit:"<commit>"'],
  [/resourceVersion: "\d+"/g, 'resourceVersion: "<version>"'],
  [/\bin \d+(\.\d+)?m?s \(\d+(\.\d+)?m?s including waiting\)/g, "in <time>"],
  [/\/[^\s"]*\/(LIVE|MERGED)-\d+/g, "/tmp/$1"],
  [/\/[^\s"]*\/kubectl-edit-\d+\.yaml/g, "/tmp/kubectl-edit.yaml"],
];
const AGE = /(^|\s\s)(?:\d+[smhdy])+(?: ago)?(?=\s\s|\s*$)/gm;

/** What a run prints, without what is different each time; columns are parted by two spaces. */
export function normalize(text: string): string {
  let result = text;
  for (const [pattern, to] of NORMAL) result = result.replace(pattern, to);
  return result
    .split("\n")
    .map((line) => line.replace(/(\S)(?: {2,}|\t+ *)/g, "$1  ").trimEnd())
    .join("\n")
    .replace(AGE, "$1<age>")
    .replace(AGE, "$1<age>")
    .replace(/\(x\d+ over <age>\)|<age> \(x\d+ over (\d+[smhd])+\)/g, "<age>")
    .trimEnd();
}
