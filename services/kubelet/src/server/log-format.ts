export interface LogLine {
  /** RFC 3339 with nanoseconds, as written. */
  time: string;
  /** With its newline, unless the line goes on. */
  text: Buffer;
}

const SPACE = 0x20;
const NEWLINE = Buffer.from("\n");

/** One line of a container's log file, CRI's format or Docker's json-file; undefined for what is neither. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  return line[0] === 0x7b ? parseDocker(line) : parseCri(line);
}

/** "2025-01-01T00:00:00.000000000Z stdout F text" */
function parseCri(line: Buffer): LogLine | undefined {
  const first = line.indexOf(SPACE);
  const second = line.indexOf(SPACE, first + 1);
  const third = line.indexOf(SPACE, second + 1);
  if (first < 0 || second < 0) return undefined;
  const tag = line.toString("latin1", second + 1, third < 0 ? line.length : third);
  const text = third < 0 ? Buffer.alloc(0) : line.subarray(third + 1);
  const partial = tag.split(":")[0] === "P";
  return { time: line.toString("latin1", 0, first), text: partial ? text : Buffer.concat([text, NEWLINE]) };
}

function parseDocker(line: Buffer): LogLine | undefined {
  try {
    const { log, time } = JSON.parse(line.toString("utf8")) as { log: string; time: string };
    return { time, text: Buffer.from(log) };
  } catch {
    return undefined;
  }
}
