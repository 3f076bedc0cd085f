import type { AuditEvent } from "./event.ts";
import type { Lost } from "./losses.ts";

/** Where events are kept: a file, a webhook. */
export interface Sink {
  readonly name: "log" | "webhook";
  /** Resolves when they are kept. @throws Error when they are lost */
  write(events: readonly AuditEvent[]): Promise<void>;
  /** What is being written gets a last chance. */
  close(): Promise<void>;
}

/** What stands between a request and a sink. */
export interface AuditBackend {
  /**
   * Resolves when the request may go on; false: its event is lost, and the request must not happen unrecorded.
   * Never rejects: losses are reported where they arise.
   */
  record(event: AuditEvent): Promise<boolean>;
  close(): Promise<void>;
}

/** Each event is kept before the request goes on. `strict`: or there is no request. */
export function blockingBackend(sink: Sink, strict: boolean, lost: Lost): AuditBackend {
  return {
    async record(event) {
      try {
        await sink.write([event]);
        return true;
      } catch (error) {
        lost(sink.name, 1, error as Error);
        return !strict;
      }
    },
    close: () => sink.close(),
  };
}
