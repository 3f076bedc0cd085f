import type { Sink } from "./backend.ts";
import type { LogFile } from "./log-file.ts";

/** Events as lines of JSON. */
export function logSink(file: LogFile): Sink {
  return {
    name: "log",
    write: (events) => file.write(events.map((event) => `${JSON.stringify(event)}\n`).join("")),
    close: () => file.close(),
  };
}
