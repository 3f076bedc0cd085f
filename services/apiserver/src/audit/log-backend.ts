import type { AuditBackend } from "./audit.ts";
import type { LogFile } from "./log-file.ts";

/**
 * Events as lines of JSON. `blocking`: an answer waits until its event is written; otherwise only
 * until there is room for it.
 */
export function logBackend(file: LogFile, mode: "blocking" | "batch"): AuditBackend {
  return {
    async record(event) {
      const written = file.write(`${JSON.stringify(event)}\n`);
      if (mode === "blocking" || file.overflowing) return written;
      written.catch(() => {});
    },
    close: () => file.close(),
  };
}
