import { logTime } from "../time.ts";

/** A line longer than this is written in parts tagged P, the last one F (as containerd's max_container_log_line_size). */
export const LINE_BYTES_MAX = 16 * 1024;
const NEWLINE = 10;

export interface SplitResult {
  /** Complete CRI log lines. */
  text: Buffer;
  /** Bytes of the input that are represented in `text`. */
  consumed: number;
}

/**
 * Turns raw output into CRI log lines: `<time> <stream> <P|F> <content>\n`
 * (kubernetes/kubernetes design: CRI logging). An unfinished last line waits,
 * unless `final` (written with P, for it had no newline) or longer than a part.
 */
export function toCriLines(raw: Buffer, stream: "stdout" | "stderr", now_ms: number, final: boolean): SplitResult {
  const prefix = `${logTime(now_ms)} ${stream}`;
  const full = Buffer.from(`${prefix} F `);
  const partial = Buffer.from(`${prefix} P `);
  const newline = Buffer.from("\n");
  const parts: Buffer[] = [];
  let at = 0;
  while (at < raw.length) {
    const end = raw.indexOf(NEWLINE, at);
    const length = (end < 0 ? raw.length : end) - at;
    if (length > LINE_BYTES_MAX) {
      parts.push(partial, raw.subarray(at, at + LINE_BYTES_MAX), newline);
      at += LINE_BYTES_MAX;
    } else if (end >= 0) {
      parts.push(full, raw.subarray(at, end), newline);
      at = end + 1;
    } else if (final) {
      parts.push(partial, raw.subarray(at), newline);
      at = raw.length;
    } else break;
  }
  return { text: Buffer.concat(parts), consumed: at };
}

export interface CriLine {
  time: string;
  stream: "stdout" | "stderr";
  partial: boolean;
  content: string;
}

/** One line of a CRI log; undefined when it is not one (or still being written). */
export function parseCriLine(line: string): CriLine | undefined {
  const match = /^(\S+) (stdout|stderr) (\S+) ?([\s\S]*)$/.exec(line);
  if (!match) return undefined;
  const tags = match[3]!.split(":");
  return { time: match[1]!, stream: match[2] as "stdout" | "stderr", partial: tags.includes("P"), content: match[4]! };
}
