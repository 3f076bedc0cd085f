import type { Clock, Timer } from "@flotilla/base";
import { type Progress, Progress_State } from "@flotilla/rpc/gen/flotilla/control/v1/control.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 80;

export interface Display {
  show(event: Progress): void;
  close(): void;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

export function finishedLine(event: Progress): string | undefined {
  switch (event.state) {
    case Progress_State.DONE:
      return ` ✓ ${event.message} (${seconds(event.elapsedMs)})`;
    case Progress_State.FAILED:
      return ` ✗ ${event.message} (${seconds(event.elapsedMs)})`;
    case Progress_State.INFO:
      return ` • ${event.message}`;
    default:
      return undefined;
  }
}

/** One plain line for each step that ended: for logs and pipes. */
export function plainDisplay(write: (text: string) => void): Display {
  return {
    show(event) {
      const line = finishedLine(event);
      if (line) write(`${line}\n`);
    },
    close() {},
  };
}

/** A spinner on the running step's line. */
export function spinnerDisplay(write: (text: string) => void, clock: Clock): Display {
  let message: string | undefined;
  let frame = 0;
  const draw = () => {
    if (message !== undefined) write(`\r\x1b[K ${FRAMES[frame++ % FRAMES.length]} ${message}`);
  };
  const timer: Timer = clock.setInterval(draw, FRAME_MS);
  return {
    show(event) {
      const line = finishedLine(event);
      if (line) write(`\r\x1b[K${line}\n`);
      message = line ? undefined : event.message;
      draw();
    },
    close() {
      timer.cancel();
      if (message !== undefined) write("\r\x1b[K");
    },
  };
}

/** Columns as kubectl prints them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]! + 3))
          .join("")
          .trimEnd()}\n`,
    )
    .join("");
}
