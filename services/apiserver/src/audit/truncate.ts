import type { Sink } from "./backend.ts";
import type { AuditEvent } from "./event.ts";
import type { Lost } from "./losses.ts";

export interface TruncateOptions {
  eventMax_bytes: number;
  batchMax_bytes: number;
}

const TRUNCATED = "audit.k8s.io/truncated";

/** Takes the bodies out of events that are too long, and leaves out those that are too long even so (upstream's plugin/truncate). Pure. */
export function fit(
  events: readonly AuditEvent[],
  { eventMax_bytes, batchMax_bytes }: TruncateOptions,
): { batches: AuditEvent[][]; tooLong: number } {
  const batches: AuditEvent[][] = [];
  let tooLong = 0;
  let size_bytes = 0;
  for (const event of events) {
    let fitting = event;
    let bytes = lengthOf(event);
    if (bytes > eventMax_bytes && event.level.startsWith("Request")) {
      const { requestObject: _, responseObject: __, ...rest } = event;
      fitting = { ...rest, annotations: { ...event.annotations, [TRUNCATED]: "true" } };
      bytes = lengthOf(fitting);
    }
    if (bytes > eventMax_bytes) {
      tooLong++;
      continue;
    }
    if (batches.length === 0 || size_bytes + bytes > batchMax_bytes) {
      batches.push([]);
      size_bytes = 0;
    }
    size_bytes += bytes;
    batches.at(-1)!.push(fitting);
  }
  return { batches, tooLong };
}

const lengthOf = (event: AuditEvent): number => Buffer.byteLength(JSON.stringify(event));

export function truncating(sink: Sink, options: TruncateOptions, lost: Lost): Sink {
  return {
    name: sink.name,
    async write(events) {
      const { batches, tooLong } = fit(events, options);
      if (tooLong > 0) lost("truncate", tooLong, new Error("event is too large even after truncating"));
      for (const batch of batches) await sink.write(batch);
    },
    close: () => sink.close(),
  };
}
